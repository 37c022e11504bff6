package day;

import static day.Steps.equal;
import static day.Steps.holds;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import de.captaingoldfish.scim.sdk.client.ScimClientConfig;
import de.captaingoldfish.scim.sdk.client.ScimRequestBuilder;
import de.captaingoldfish.scim.sdk.client.builder.ListBuilder;
import de.captaingoldfish.scim.sdk.client.resources.MetaConfiguration;
import de.captaingoldfish.scim.sdk.client.response.ServerResponse;
import de.captaingoldfish.scim.sdk.common.constants.EndpointPaths;
import de.captaingoldfish.scim.sdk.common.constants.enums.Comparator;
import de.captaingoldfish.scim.sdk.common.constants.enums.HttpMethod;
import de.captaingoldfish.scim.sdk.common.constants.enums.PatchOp;
import de.captaingoldfish.scim.sdk.common.constants.enums.SortOrder;
import de.captaingoldfish.scim.sdk.common.etag.ETag;
import de.captaingoldfish.scim.sdk.common.resources.EnterpriseUser;
import de.captaingoldfish.scim.sdk.common.resources.Group;
import de.captaingoldfish.scim.sdk.common.resources.ResourceNode;
import de.captaingoldfish.scim.sdk.common.resources.ServiceProvider;
import de.captaingoldfish.scim.sdk.common.resources.User;
import de.captaingoldfish.scim.sdk.common.resources.base.ScimObjectNode;
import de.captaingoldfish.scim.sdk.common.resources.complex.Manager;
import de.captaingoldfish.scim.sdk.common.resources.complex.Name;
import de.captaingoldfish.scim.sdk.common.resources.multicomplex.Email;
import de.captaingoldfish.scim.sdk.common.resources.multicomplex.Member;
import de.captaingoldfish.scim.sdk.common.response.BulkResponse;
import de.captaingoldfish.scim.sdk.common.response.ErrorResponse;
import de.captaingoldfish.scim.sdk.common.response.ListResponse;
import de.captaingoldfish.scim.sdk.common.schemas.Schema;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;

/** A day of SCIM-SDK's client. It reports failures by `isSuccess`, never by an exception. */
final class Day {
  private static final String USER = "urn:ietf:params:scim:schemas:core:2.0:User";
  private static final String ENTERPRISE = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User";
  private static final String USERS = EndpointPaths.USERS;
  private static final String GROUPS = EndpointPaths.GROUPS;

  private final String base;
  private final Steps steps;
  private final ScimRequestBuilder scim;
  private final JsonNodeFactory json = JsonNodeFactory.instance;
  private User barbara;
  private User boss;
  private Group guides;

  private Day(String base, String token) {
    this.base = base;
    steps = new Steps(base, token);
    scim = client(base, token);
  }

  public static void main(String[] arguments) {
    Day day = new Day(arguments[0], arguments[1]);
    day.discover();
    day.create();
    day.read();
    day.replace();
    day.patch();
    day.patchExtension();
    day.leaveAndReturn();
    day.list();
    day.groups();
    day.bulk();
    day.errors();
    day.delete();
    day.steps.end();
  }

  private static ScimRequestBuilder client(String base, String token) {
    return new ScimRequestBuilder(base, ScimClientConfig.builder()
        .httpHeaders(Map.of("Authorization", "Bearer " + token)).enableAutomaticBulkRequestSplitting(true).build());
  }

  private void discover() {
    steps.step("discovery is read at once", () -> {
      ServerResponse<MetaConfiguration> answer = scim.loadMetaConfiguration().sendRequest();
      holds(answer.isSuccess(), answer.getResponseBody());
      ServiceProvider provider = answer.getResource().getServiceProvider();
      holds(provider.getPatchConfig().isSupported() && provider.getBulkConfig().isSupported(), provider);
      holds(provider.getFilterConfig().isSupported() && provider.getETagConfig().isSupported(), provider);
      Set<String> types = new TreeSet<>();
      answer.getResource().getResourceTypes().forEach(type -> types.add(type.getName()));
      equal(Set.of("Group", "User"), types);
      Set<String> ids = new HashSet<>();
      answer.getResource().getSchemas().forEach(schema -> ids.add(schema.getId().orElseThrow()));
      holds(ids.containsAll(Set.of(USER, ENTERPRISE)), ids);
    });
    steps.step("a schema is read", () -> {
      Schema schema = seen(scim.get(Schema.class, EndpointPaths.SCHEMAS, USER).sendRequest());
      holds(schema.getAttributes().stream().anyMatch(attribute -> attribute.getName().equals("userName")), schema);
    });
  }

  private void create() {
    steps.step("a user is created with many attributes", () -> {
      User user = User.builder().userName("bjensen").externalId("701984").displayName("Babs").active(true)
          .name(Name.builder().givenName("Barbara").familyName("Jensen").build()).title("Guide").locale("en-US")
          .password("t1meMa$heen").profileUrl("https://login.example.com/bjensen")
          .emails(List.of(email("babs@example.com", "work"), email("babs@home.example", "home")))
          .enterpriseUser(EnterpriseUser.builder().employeeNumber("701984").department("Tours").build()).build();
      ServerResponse<User> answer = scim.create(User.class, USERS).setResource(user).sendRequest();
      equal(201, answer.getHttpStatus());
      barbara = seen(answer);
      equal("bjensen", barbara.getUserName().orElseThrow());
      holds(barbara.getPassword().isEmpty(), barbara);
      equal("Tours", barbara.getEnterpriseUser().orElseThrow().getDepartment().orElseThrow());
      equal(base + "/Users/" + id(barbara), barbara.getMeta().orElseThrow().getLocation().orElseThrow());
      equal("701984", steps.stored("/Users/" + id(barbara)).at("/externalId").asText());
    });
    steps.step("a second user is created", () -> boss = seen(scim.create(User.class, USERS)
        .setResource(User.builder().userName("boss").build()).sendRequest()));
    steps.step("a taken name is a conflict", () -> {
      ServerResponse<User> answer = scim.create(User.class, USERS)
          .setResource(User.builder().userName("BJensen").build()).sendRequest();
      ErrorResponse error = refused(409, answer);
      equal("uniqueness", error.getScimType().orElseThrow());
      holds(error.getDetail().orElseThrow().contains("userName"), error);
    });
  }

  private void read() {
    steps.step("a user is found by its name", () -> {
      ListResponse<User> found = seen(scim.list(User.class, USERS).filter("userName", Comparator.EQ, "BJENSEN")
          .build().get().sendRequest());
      equal(1L, found.getTotalResults());
      equal(id(barbara), id(found.getListedResources().get(0)));
    });
    steps.step("an unknown name finds nothing", () -> equal(0L, total(scim.list(User.class, USERS)
        .filter("userName", Comparator.EQ, "nobody").build())));
    steps.step("a user is read by id", () -> equal(barbara, seen(scim.get(User.class, USERS, id(barbara))
        .sendRequest())));
    steps.step("a user is read by location", () -> equal(barbara, seen(scim
        .get(barbara.getMeta().orElseThrow().getLocation().orElseThrow(), User.class).sendRequest())));
    steps.step("an unchanged user is not read again", () -> equal(304, scim.get(User.class, USERS, id(barbara))
        .setETagForIfNoneMatch(version(barbara)).sendRequest().getHttpStatus()));
  }

  private void replace() {
    steps.step("a user is replaced", () -> {
      barbara.setTitle("Tour Guide");
      barbara.setNickName("Babs");
      barbara.setLocale(null);
      User replaced = put(barbara, null);
      equal("Tour Guide", replaced.getTitle().orElseThrow());
      holds(replaced.getLocale().isEmpty(), replaced);
      holds(steps.stored("/Users/" + id(barbara)).at("/locale").isMissingNode(), replaced);
      barbara = replaced;
    });
    steps.step("a user is replaced in the version that was read", () -> {
      ETag before = version(barbara);
      barbara.setTitle("Guide");
      barbara = put(barbara, before);
      refused(412, scim.update(User.class, USERS, id(barbara)).setResource(barbara).setETagForIfMatch(before)
          .sendRequest());
    });
  }

  private void patch() {
    patched("a text is replaced", "/title", "Boss", () -> scim.patch(User.class, USERS, id(barbara)).addOperation()
        .op(PatchOp.REPLACE).path("title").value("Boss").build().sendRequest());
    steps.step("several operations in one request", () -> {
      barbara = seen(scim.patch(User.class, USERS, id(barbara)).addOperation()
          .op(PatchOp.ADD).path("emails").valueNode(email("b@other.example", "other")).next()
          .op(PatchOp.REPLACE).path("emails[type eq \"work\"].value").value("barbara@example.com").next()
          .op(PatchOp.REMOVE).path("emails[type eq \"home\"]").next()
          .op(PatchOp.REPLACE).path("name.familyName").value("Jensen-Smith").build().sendRequest());
      equal(List.of("barbara@example.com", "b@other.example"), values(barbara));
      equal("Jensen-Smith", barbara.getName().orElseThrow().getFamilyName().orElseThrow());
    });
    steps.step("all values are replaced by nodes", () -> {
      barbara = seen(scim.patch(User.class, USERS, id(barbara)).addOperation().op(PatchOp.REPLACE).path("emails")
          .valueNodes(List.of(email("b@example.com", "work"), email("b@home.example", "home"))).build()
          .sendRequest());
      equal(List.of("b@example.com", "b@home.example"), values(barbara));
    });
    steps.step("values are added as texts that hold documents", () -> {
      barbara = seen(scim.patch(User.class, USERS, id(barbara)).addOperation().op(PatchOp.REPLACE).path("emails")
          .values(List.of(email("b@example.com", "work").toString(), email("c@home.example", "home").toString()))
          .build().sendRequest());
      equal(List.of("b@example.com", "c@home.example"), values(barbara));
    });
    patched("a node without a path", "/nickName", "Barb", () -> scim.patch(User.class, USERS, id(barbara))
        .addOperation().op(PatchOp.ADD).valueNode(json.objectNode().put("nickName", "Barb")).build().sendRequest());
    patched("a document as text without a path", "/nickName", "Babsi", () -> scim.patch(User.class, USERS, id(barbara))
        .addOperation().op(PatchOp.REPLACE).value("{\"nickName\": \"Babsi\"}").build().sendRequest());
    patched("a user without a path", "/userType", "Employee", () -> scim.patch(User.class, USERS, id(barbara))
        .addOperation().op(PatchOp.REPLACE).valueNode(User.builder().userType("Employee").build()).build()
        .sendRequest());
    patched("a complex attribute as a node", "/name/givenName", "B.", () -> scim.patch(User.class, USERS, id(barbara))
        .addOperation().op(PatchOp.REPLACE).path("name").valueNode(Name.builder().givenName("B.").build()).build()
        .sendRequest());
    steps.step("an attribute is removed", () -> {
      barbara = seen(scim.patch(User.class, USERS, id(barbara)).addOperation().op(PatchOp.REMOVE).path("nickName")
          .build().sendRequest());
      holds(barbara.getNickName().isEmpty(), barbara);
    });
  }

  private void patchExtension() {
    patched("an attribute of the extension", "/" + ENTERPRISE + "/department", "Sales",
        () -> scim.patch(User.class, USERS, id(barbara)).addOperation().op(PatchOp.REPLACE)
            .path(ENTERPRISE + ":department").value("Sales").build().sendRequest());
    steps.step("the manager is set by a node", () -> {
      barbara = seen(scim.patch(User.class, USERS, id(barbara)).addOperation().op(PatchOp.ADD)
          .path(ENTERPRISE + ":manager").valueNode(Manager.builder().value(id(boss)).build()).build().sendRequest());
      equal(id(boss), manager());
    });
    steps.step("the manager is set by its value", () -> {
      barbara = seen(scim.patch(User.class, USERS, id(barbara)).addOperation().op(PatchOp.REPLACE)
          .path(ENTERPRISE + ":manager.value").value(id(barbara)).build().sendRequest());
      equal(id(barbara), manager());
    });
    steps.step("the manager is removed", () -> {
      barbara = seen(scim.patch(User.class, USERS, id(barbara)).addOperation().op(PatchOp.REMOVE)
          .path(ENTERPRISE + ":manager").build().sendRequest());
      holds(barbara.getEnterpriseUser().orElseThrow().getManager().isEmpty(), barbara);
    });
    patched("the extension without a path", "/" + ENTERPRISE + "/costCenter", "4130",
        () -> scim.patch(User.class, USERS, id(barbara)).addOperation().op(PatchOp.REPLACE).valueNode(
            User.builder().enterpriseUser(EnterpriseUser.builder().costCenter("4130").build()).build()).build()
            .sendRequest());
    steps.step("a user is found by the extension", () -> equal(1L, total(scim.list(User.class, USERS)
        .filter(ENTERPRISE + ":department", Comparator.EQ, "sales").build())));
  }

  private void leaveAndReturn() {
    for (boolean active : new boolean[] {false, true}) {
      // The client sends a single value as text.
      steps.step("active becomes " + active, () -> {
        barbara = seen(scim.patch(User.class, USERS, id(barbara)).addOperation().op(PatchOp.REPLACE).path("active")
            .value(String.valueOf(active)).build().sendRequest());
        equal(active, barbara.isActive().orElseThrow());
        equal(active, steps.stored("/Users/" + id(barbara)).at("/active").booleanValue());
        equal(active ? 0L : 1L, total(scim.list(User.class, USERS).filter("active", Comparator.EQ, "false").build()));
      });
    }
  }

  private void list() {
    steps.step("many users are created", () -> {
      for (int number = 10; number < 35; number++) {
        seen(scim.create(User.class, USERS).setResource(User.builder().userName("crowd" + number)
            .title("t" + number % 3).emails(List.of(email("c" + number + "@example.com", "work"))).build())
            .sendRequest());
      }
    });
    for (boolean post : new boolean[] {false, true}) {
      String how = post ? " by POST" : " by GET";
      steps.step("all users" + how, () -> {
        ListBuilder<User> all = scim.list(User.class, USERS).startIndex(1);
        whole(27, post ? all.post().getAll() : all.get().getAll());
      });
      // Without parameters the client sends a POST without a body.
      steps.step("all users, with nothing asked" + how, () -> {
        ListBuilder<User> all = scim.list(User.class, USERS);
        whole(27, post ? all.post().getAll() : all.get().getAll());
      });
      steps.step("all pages of 7" + how, () -> {
        List<String> names = new ArrayList<>();
        ListResponse<User> page;
        do {
          ListBuilder<User> builder = scim.list(User.class, USERS).startIndex(names.size() + 1L).count(7);
          page = send(builder, post);
          equal(27L, page.getTotalResults());
          page.getListedResources().forEach(user -> names.add(user.getUserName().orElseThrow()));
        } while (page.getListedResources().size() == 7);
        equal(27, names.size());
        equal(27, new HashSet<>(names).size());
      });
      steps.step("a filtered and sorted page" + how, () -> {
        ListResponse<User> page = send(scim.list(User.class, USERS).filter("userName", Comparator.SW, "crowd")
            .build().sortBy("userName").sortOrder(SortOrder.DESCENDING).startIndex(2).count(3)
            .attributes("userName"), post);
        equal(25L, page.getTotalResults());
        equal(List.of("crowd33", "crowd32", "crowd31"), page.getListedResources().stream()
            .map(user -> user.getUserName().orElseThrow()).toList());
        holds(page.getListedResources().get(0).getTitle().isEmpty(), page);
      });
      steps.step("attributes are excluded" + how, () -> {
        ListResponse<User> page = send(scim.list(User.class, USERS).filter("userName eq \"crowd10\"")
            .excludedAttributes("emails"), post);
        equal("t1", page.getListedResources().get(0).getTitle().orElseThrow());
        equal(List.of(), page.getListedResources().get(0).getEmails());
      });
      steps.step("and, or" + how, () -> equal(2L, send(scim.list(User.class, USERS)
          .filter(true, "userName", Comparator.EQ, "crowd10").or("userName", Comparator.EQ, "crowd11", true)
          .and("active", Comparator.EQ, true).build(), post).getTotalResults()));
    }
  }

  private void groups() {
    steps.step("a group is created with a member", () -> {
      guides = seen(scim.create(Group.class, GROUPS).setResource(Group.builder().displayName("Tour Guides")
          .members(List.of(member(id(barbara)))).build()).sendRequest());
      equal(List.of(id(barbara)), members(guides));
    });
    steps.step("a group's name is taken", () -> equal("uniqueness", refused(409, scim.create(Group.class, GROUPS)
        .setResource(Group.builder().displayName("tour guides").build()).sendRequest()).getScimType().orElseThrow()));
    changed("a member is added as a node", () -> List.of(id(barbara), id(boss)), () -> scim
        .patch(Group.class, GROUPS, id(guides)).addOperation().op(PatchOp.ADD).path("members")
        .valueNode(member(id(boss))).build().sendRequest());
    changed("a member is removed by a filter", () -> List.of(id(barbara)), () -> scim
        .patch(Group.class, GROUPS, id(guides)).addOperation().op(PatchOp.REMOVE)
        .path("members[value eq \"" + id(boss) + "\"]").build().sendRequest());
    changed("members are replaced", () -> List.of(id(boss)), () -> scim.patch(Group.class, GROUPS, id(guides))
        .addOperation().op(PatchOp.REPLACE).path("members").valueNodes(List.of(member(id(boss)))).build()
        .sendRequest());
    changed("a group without a path", () -> List.of(id(boss), id(barbara)), () -> scim
        .patch(Group.class, GROUPS, id(guides)).addOperation().op(PatchOp.ADD)
        .valueNode(Group.builder().members(List.of(member(id(barbara)))).build()).build().sendRequest());
    changed("a member is removed by its value", () -> List.of(id(barbara)), () -> scim
        .patch(Group.class, GROUPS, id(guides)).addOperation().op(PatchOp.REMOVE).path("members")
        .valueNode(member(id(boss))).build().sendRequest());
    steps.step("a group is renamed", () -> {
      ServerResponse<Group> answer = scim.patch(Group.class, GROUPS, id(guides)).addOperation().op(PatchOp.REPLACE)
          .path("displayName").value("Guides").build().sendRequest();
      holds(answer.isSuccess(), answer.getHttpHeaders());
      equal("Guides", group().getDisplayName().orElseThrow());
      equal("Guides", seen(scim.get(User.class, USERS, id(barbara)).sendRequest()).getGroups().get(0).getDisplay()
          .orElseThrow());
    });
    steps.step("a group is found by its member", () -> {
      ListResponse<Group> found = seen(scim.list(Group.class, GROUPS)
          .filter("members.value", Comparator.EQ, id(barbara)).build().excludedAttributes("members").get()
          .sendRequest());
      equal(1L, found.getTotalResults());
      equal(List.of(), found.getListedResources().get(0).getMembers());
    });
    steps.step("a group is a member of a group", () -> {
      Group outer = seen(scim.create(Group.class, GROUPS).setResource(Group.builder().displayName("Everybody")
          .members(List.of(Member.builder().value(id(guides)).type("Group").build())).build()).sendRequest());
      equal("Group", outer.getMembers().get(0).getType().orElseThrow());
      gone(GROUPS, outer);
    });
    steps.step("a group is replaced", () -> {
      Group read = group();
      read.setMembers(List.of(member(id(barbara)), member(id(boss))));
      guides = seen(scim.update(Group.class, GROUPS, id(guides)).setResource(read).setETagForIfMatch(version(read))
          .sendRequest());
      equal(Set.of(id(barbara), id(boss)), new HashSet<>(members(guides)));
    });
  }

  private void bulk() {
    steps.step("users and a group that refers to them are created at once", () -> {
      ServerResponse<BulkResponse> answer = scim.bulk()
          .bulkRequestOperation(USERS).method(HttpMethod.POST).bulkId("a")
          .data(User.builder().userName("bulk-a").build()).next()
          .bulkRequestOperation(USERS).method(HttpMethod.POST).bulkId("b")
          .data(User.builder().userName("bulk-b").build()).next()
          .bulkRequestOperation(GROUPS).method(HttpMethod.POST).bulkId("g")
          .data(Group.builder().displayName("Bulk").members(List.of(member("bulkId:a"), member("bulkId:b"))).build())
          .sendRequest();
      BulkResponse done = seen(answer);
      equal(List.of(201, 201, 201), done.getBulkResponseOperations().stream().map(one -> one.getStatus()).toList());
      String location = done.getBulkResponseOperations().get(2).getLocation().orElseThrow();
      equal(2, members(seen(scim.get(location, Group.class).sendRequest())).size());
    });
    steps.step("a change, a replacement, a removal and a refusal", () -> {
      String a = idOf("bulk-a");
      String b = idOf("bulk-b");
      ObjectNode patch = json.objectNode();
      patch.putArray("schemas").add("urn:ietf:params:scim:api:messages:2.0:PatchOp");
      patch.putArray("Operations").addObject().put("op", "replace").put("path", "title").put("value", "Bulky");
      BulkResponse done = seen(scim.bulk()
          .bulkRequestOperation(USERS, a).method(HttpMethod.PATCH).bulkId("1").data(patch).next()
          .bulkRequestOperation(USERS, a).method(HttpMethod.PUT).bulkId("2")
          .data(User.builder().userName("bulk-a").displayName("A").build()).next()
          .bulkRequestOperation(USERS, b).method(HttpMethod.DELETE).bulkId("3").next()
          .bulkRequestOperation(USERS).method(HttpMethod.POST).bulkId("4")
          .data(User.builder().userName("bulk-a").build()).sendRequest());
      equal(List.of(200, 200, 204, 409), done.getBulkResponseOperations().stream().map(one -> one.getStatus())
          .toList());
      equal("uniqueness", done.getBulkResponseOperations().get(3).getResponse(ErrorResponse.class).orElseThrow()
          .getScimType().orElseThrow());
      equal("A", steps.stored("/Users/" + a).at("/displayName").asText());
      equal(404, steps.status("/Users/" + b));
    });
    steps.step("more operations than one request may hold", () -> {
      // The client splits a request by the published limit; a lower limit saves time here.
      int limit = 10;
      scim.loadServiceProviderConfiguration().getBulkConfig().setMaxOperations(limit);
      var request = scim.bulk();
      for (int number = 0; number <= limit; number++) {
        request = request.bulkRequestOperation(USERS).method(HttpMethod.POST).bulkId("n" + number)
            .data(User.builder().userName("n" + number).build()).next();
      }
      BulkResponse done = seen(request.sendRequest());
      equal(limit + 1L, done.getBulkResponseOperations().stream().filter(one -> one.getStatus() == 201).count());
      equal(limit + 1L, total(scim.list(User.class, USERS).filter("userName", Comparator.SW, "n").build()));
    });
  }

  private void errors() {
    steps.step("an unknown id", () -> refused(404, scim.get(User.class, USERS,
        "2819c223-7f76-453a-919d-413861904646").sendRequest()));
    bad("invalidFilter", () -> scim.list(User.class, USERS).filter("userName eq").get().sendRequest());
    bad("noTarget", () -> scim.patch(User.class, USERS, id(barbara)).addOperation().op(PatchOp.REPLACE)
        .path("emails[value sw \"nobody\"].display").value("B").build().sendRequest());
    bad("mutability", () -> scim.patch(User.class, USERS, id(barbara)).addOperation().op(PatchOp.REPLACE).path("id")
        .value("1").build().sendRequest());
    bad("invalidPath", () -> scim.patch(User.class, USERS, id(barbara)).addOperation().op(PatchOp.REPLACE)
        .path("shoeSize").value("44").build().sendRequest());
    bad("invalidValue", () -> scim.patch(User.class, USERS, id(barbara)).addOperation().op(PatchOp.REPLACE)
        .path("active").value("perhaps").build().sendRequest());
    steps.step("an unknown token", () -> {
      try (ScimRequestBuilder stranger = client(base, "x".repeat(40))) {
        refused(401, stranger.get(User.class, USERS, id(barbara)).sendRequest());
      }
    });
  }

  private void delete() {
    steps.step("a stale version is not deleted", () -> refused(412, scim.delete(User.class, USERS, id(barbara))
        .setETagForIfMatch("W/\"0\"").sendRequest()));
    steps.step("a user is deleted", () -> {
      gone(USERS, barbara);
      equal(List.of(id(boss)), members(group()));
    });
    steps.step("a group is deleted", () -> gone(GROUPS, guides));
    steps.step("the name can be used again", () -> {
      User again = seen(scim.create(User.class, USERS).setResource(User.builder().userName("bjensen").build())
          .sendRequest());
      holds(!id(again).equals(id(barbara)), again);
    });
  }

  /** A request that is sent when its step runs. */
  private interface Later<T> {
    T value() throws Exception;
  }

  private void patched(String name, String pointer, String expected, Later<ServerResponse<User>> request) {
    steps.step(name, () -> {
      barbara = seen(request.value());
      equal(expected, barbara.at(pointer).asText());
      equal(expected, steps.stored("/Users/" + id(barbara)).at(pointer).asText());
    });
  }

  /** A PATCH of a group is answered without the group: the client must accept that as a success. */
  private void changed(String name, Later<List<String>> expected, Later<ServerResponse<Group>> request) {
    steps.step(name, () -> {
      ServerResponse<Group> answer = request.value();
      equal(204, answer.getHttpStatus());
      equal(new HashSet<>(expected.value()), new HashSet<>(members(group())));
      holds(answer.isSuccess(), answer.getHttpHeaders());
    });
  }

  private void bad(String type, Later<ServerResponse<?>> request) {
    steps.step("bad request: " + type, () -> equal(type, refused(400, request.value()).getScimType().orElseThrow()));
  }

  private void gone(String endpoint, ResourceNode resource) throws Exception {
    ServerResponse<User> answer = scim.delete(User.class, endpoint, id(resource)).sendRequest();
    equal(204, answer.getHttpStatus());
    holds(answer.isSuccess(), answer.getHttpHeaders());
    equal(404, steps.status(endpoint + "/" + id(resource)));
    refused(404, scim.delete(User.class, endpoint, id(resource)).sendRequest());
  }

  private static <T extends ScimObjectNode> T seen(ServerResponse<T> answer) {
    holds(answer.isSuccess(), answer.getHttpStatus() + " " + answer.getResponseBody());
    return answer.getResource();
  }

  private static ErrorResponse refused(int status, ServerResponse<?> answer) {
    equal(status, answer.getHttpStatus());
    holds(!answer.isSuccess(), answer.getResponseBody());
    equal(status, answer.getErrorResponse().getStatus());
    holds(!answer.getErrorResponse().getDetail().orElse("").isBlank(), answer.getResponseBody());
    return answer.getErrorResponse();
  }

  private static ListResponse<User> send(ListBuilder<User> builder, boolean post) {
    return seen(post ? builder.post().sendRequest() : builder.get().sendRequest());
  }

  private static long total(ListBuilder<User> builder) {
    return send(builder, false).getTotalResults();
  }

  private static void whole(int total, ServerResponse<ListResponse<User>> answer) {
    List<JsonNode> users = new ArrayList<>();
    answer.getResource().get("Resources").forEach(users::add);
    equal(total, users.size());
    equal((long) total, users.stream().map(user -> user.at("/id").asText()).distinct().count());
  }

  private User put(User user, ETag version) {
    var request = scim.update(User.class, USERS, id(user)).setResource(user);
    return seen((version == null ? request : request.setETagForIfMatch(version)).sendRequest());
  }

  private Group group() {
    return seen(scim.get(Group.class, GROUPS, id(guides)).sendRequest());
  }

  private String manager() {
    return barbara.getEnterpriseUser().orElseThrow().getManager().orElseThrow().getValue().orElseThrow();
  }

  private String idOf(String name) {
    return id(seen(scim.list(User.class, USERS).filter("userName", Comparator.EQ, name).build().get().sendRequest())
        .getListedResources().get(0));
  }

  private static String id(ResourceNode resource) {
    return resource.getId().orElseThrow();
  }

  private static ETag version(ResourceNode resource) {
    return resource.getMeta().orElseThrow().getVersion().orElseThrow();
  }

  private static Email email(String value, String type) {
    return Email.builder().value(value).type(type).build();
  }

  private static Member member(String value) {
    return Member.builder().value(value).build();
  }

  private static List<String> values(User user) {
    return user.getEmails().stream().map(email -> email.getValue().orElseThrow()).toList();
  }

  private static List<String> members(Group group) {
    return group.getMembers().stream().map(member -> member.getValue().orElseThrow()).toList();
  }
}
