package day;

import static day.Steps.equal;
import static day.Steps.holds;
import static day.Steps.refused;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.unboundid.scim2.client.ScimService;
import com.unboundid.scim2.common.exceptions.BadRequestException;
import com.unboundid.scim2.common.exceptions.NotModifiedException;
import com.unboundid.scim2.common.exceptions.PreconditionFailedException;
import com.unboundid.scim2.common.exceptions.ResourceConflictException;
import com.unboundid.scim2.common.exceptions.ResourceNotFoundException;
import com.unboundid.scim2.common.exceptions.UnauthorizedException;
import com.unboundid.scim2.common.filters.Filter;
import com.unboundid.scim2.common.messages.ListResponse;
import com.unboundid.scim2.common.messages.PatchOperation;
import com.unboundid.scim2.common.messages.PatchRequest;
import com.unboundid.scim2.common.messages.SortOrder;
import com.unboundid.scim2.common.types.Address;
import com.unboundid.scim2.common.types.Email;
import com.unboundid.scim2.common.types.EnterpriseUserExtension;
import com.unboundid.scim2.common.types.GroupResource;
import com.unboundid.scim2.common.types.Manager;
import com.unboundid.scim2.common.types.Member;
import com.unboundid.scim2.common.types.Name;
import com.unboundid.scim2.common.types.PhoneNumber;
import com.unboundid.scim2.common.types.ResourceTypeResource;
import com.unboundid.scim2.common.types.SchemaResource;
import com.unboundid.scim2.common.types.ServiceProviderConfigResource;
import com.unboundid.scim2.common.types.UserResource;
import jakarta.ws.rs.client.Client;
import jakarta.ws.rs.client.ClientBuilder;
import jakarta.ws.rs.client.ClientRequestFilter;
import java.net.URI;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import org.glassfish.jersey.apache5.connector.Apache5ConnectorProvider;
import org.glassfish.jersey.client.ClientConfig;

/** A day of the UnboundID SCIM 2 SDK. */
final class Day {
  private static final String USER = "urn:ietf:params:scim:schemas:core:2.0:User";
  private static final String ENTERPRISE = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User";

  private final String base;
  private final Steps steps;
  private final ScimService scim;
  private final JsonNodeFactory json = JsonNodeFactory.instance;
  private UserResource barbara;
  private UserResource boss;
  private GroupResource guides;

  private Day(String base, String token) {
    this.base = base;
    steps = new Steps(base, token);
    scim = service(base, token);
  }

  public static void main(String[] arguments) {
    Day day = new Day(arguments[0], arguments[1]);
    day.discover();
    day.create();
    day.read();
    day.replace();
    day.modify();
    day.modifyExtension();
    day.leaveAndReturn();
    day.list();
    day.groups();
    day.errors();
    day.delete();
    day.steps.end();
  }

  private static ScimService service(String base, String token) {
    Client client = ClientBuilder.newClient(new ClientConfig().connectorProvider(new Apache5ConnectorProvider()));
    ClientRequestFilter bearer = request -> request.getHeaders().putSingle("Authorization", "Bearer " + token);
    return new ScimService(client.target(base).register(bearer));
  }

  private void discover() {
    steps.step("the configuration is read", () -> {
      ServiceProviderConfigResource config = scim.getServiceProviderConfig();
      holds(config.getPatch().isSupported() && config.getBulk().isSupported(), config);
      holds(config.getFilter().isSupported() && config.getEtag().isSupported(), config);
      holds(config.getSort().isSupported() && config.getPagination().supportsCursorPagination(), config);
    });
    steps.step("the resource types are listed", () -> {
      Set<String> names = new TreeSet<>();
      for (ResourceTypeResource type : scim.getResourceTypes()) {
        names.add(type.getName());
      }
      equal(Set.of("Group", "User"), names);
    });
    steps.step("a resource type is read", () -> {
      ResourceTypeResource type = scim.getResourceType("User");
      equal(URI.create("/Users"), type.getEndpoint());
      equal(URI.create(USER), type.getSchema());
    });
    steps.step("the schemas are listed", () -> {
      Set<String> ids = new HashSet<>();
      for (SchemaResource schema : scim.getSchemas()) {
        ids.add(schema.getId());
      }
      holds(ids.containsAll(Set.of(USER, ENTERPRISE)), ids);
    });
    steps.step("a schema is read", () -> equal("User", scim.getSchema(USER).getName()));
  }

  private void create() {
    steps.step("a user is created with many attributes", () -> {
      UserResource user = new UserResource().setUserName("bjensen").setDisplayName("Babs").setActive(true)
          .setName(new Name().setGivenName("Barbara").setFamilyName("Jensen")).setTitle("Guide")
          .setPassword("t1meMa$heen").setLocale("en-US").setTimezone("Europe/Berlin")
          .setProfileUrl(URI.create("https://login.example.com/bjensen"))
          .setEmails(new Email().setValue("babs@example.com").setType("work").setPrimary(true),
              new Email().setValue("babs@home.example").setType("home"))
          .setPhoneNumbers(new PhoneNumber().setValue("+49 30 1234").setType("work"))
          .setAddresses(new Address().setType("work").setLocality("Hollywood").setCountry("US"));
      user.setExternalId("701984");
      user.setExtension(new EnterpriseUserExtension().setEmployeeNumber("701984").setDepartment("Tours"));
      barbara = scim.create("Users", user);
      equal("bjensen", barbara.getUserName());
      equal(null, barbara.getPassword());
      equal(Set.of(USER, ENTERPRISE), new HashSet<>(barbara.getSchemaUrns()));
      equal("Tours", barbara.getExtension(EnterpriseUserExtension.class).getDepartment());
      equal(URI.create(base + "/Users/" + barbara.getId()), barbara.getMeta().getLocation());
      equal("701984", steps.stored("/Users/" + barbara.getId()).at("/externalId").asText());
    });
    steps.step("a second user is created", () -> {
      boss = scim.create("Users", new UserResource().setUserName("boss").setDisplayName("The Boss"));
      equal("boss", boss.getUserName());
    });
    steps.step("a user is created and only its name is returned", () -> {
      UserResource other = scim.createRequest("Users", new UserResource().setUserName("other").setTitle("Guide"))
          .attributes("userName").invoke();
      equal("other", other.getUserName());
      equal(null, other.getTitle());
    });
    steps.step("a taken name is a conflict", () -> {
      ResourceConflictException conflict = refused(ResourceConflictException.class,
          () -> scim.create("Users", new UserResource().setUserName("BJensen")));
      equal("uniqueness", conflict.getScimError().getScimType());
      holds(conflict.getScimError().getDetail().contains("userName"), conflict.getScimError());
    });
  }

  private void read() {
    steps.step("a user is found by its name", () -> {
      ListResponse<UserResource> found = search(Filter.eq("userName", "BJENSEN"));
      equal(1, found.getTotalResults());
      equal(barbara, found.getResources().get(0));
    });
    steps.step("an unknown name finds nothing", () -> {
      ListResponse<UserResource> found = search(Filter.eq("userName", "nobody"));
      equal(0, found.getTotalResults());
      equal(List.of(), found.getResources());
    });
    steps.step("a user is found by externalId", () -> equal(1, search(Filter.eq("externalId", "701984"))
        .getTotalResults()));
    steps.step("a user is read by id", () -> equal(barbara, scim.retrieve("Users", barbara.getId(),
        UserResource.class)));
    steps.step("a user is read by location", () -> equal(barbara, scim.retrieve(barbara)));
    steps.step("an unchanged user is not read again", () -> refused(NotModifiedException.class,
        () -> scim.retrieveRequest(barbara).ifNoneMatch().invoke()));
    steps.step("attributes are selected", () -> {
      UserResource short_ = scim.retrieveRequest("Users", barbara.getId()).attributes("name.givenName", "emails")
          .invoke(UserResource.class);
      equal("Barbara", short_.getName().getGivenName());
      equal(null, short_.getName().getFamilyName());
      equal(2, short_.getEmails().size());
      equal(null, short_.getUserName());
    });
    steps.step("attributes are excluded", () -> {
      UserResource rest = scim.retrieveRequest("Users", barbara.getId()).excludedAttributes("emails", ENTERPRISE)
          .invoke(UserResource.class);
      equal("bjensen", rest.getUserName());
      equal(null, rest.getEmails());
      equal(null, rest.getExtension(EnterpriseUserExtension.class));
    });
  }

  private void replace() {
    steps.step("a user is replaced", () -> {
      barbara.setTitle("Tour Guide").setNickName("Babs").setPhoneNumbers((List<PhoneNumber>) null);
      UserResource replaced = scim.replace(barbara);
      equal("Tour Guide", replaced.getTitle());
      equal(null, replaced.getPhoneNumbers());
      equal(barbara.getMeta().getCreated(), replaced.getMeta().getCreated());
      holds(!barbara.getMeta().getVersion().equals(replaced.getMeta().getVersion()), replaced);
      barbara = replaced;
      holds(steps.stored("/Users/" + barbara.getId()).at("/phoneNumbers").isMissingNode(), barbara);
    });
    steps.step("a user is replaced in the version that was read", () -> {
      barbara.setTitle("Guide");
      UserResource replaced = scim.replaceRequest(barbara).ifMatch().invoke();
      equal("Guide", replaced.getTitle());
      UserResource old = barbara;
      barbara = replaced;
      refused(PreconditionFailedException.class, () -> scim.replaceRequest(old).ifMatch().invoke());
    });
  }

  private void modify() {
    patched("a value is replaced", "/title", "Boss", () -> PatchOperation.replace("title", "Boss"));
    steps.step("values are added and replaced in one request", () -> {
      barbara = scim.modifyRequest("Users", barbara.getId())
          .replaceValue("name.familyName", "Jensen-Smith")
          .addValues("emails", new Email().setValue("b@other.example").setType("other"))
          .replaceValue("emails[type eq \"work\"].value", "barbara@example.com")
          .invoke(UserResource.class);
      equal("Jensen-Smith", barbara.getName().getFamilyName());
      equal(List.of("barbara@example.com", "babs@home.example", "b@other.example"), values(barbara));
    });
    steps.step("a value is removed by a filter", () -> {
      barbara = scim.modifyRequest("Users", barbara.getId()).removeValues("emails[type eq \"home\"]")
          .invoke(UserResource.class);
      equal(List.of("barbara@example.com", "b@other.example"), values(barbara));
    });
    steps.step("a value is replaced by a filter", () -> {
      barbara = scim.modifyRequest("Users", barbara.getId())
          .replaceValue("emails[value eq \"b@other.example\"]",
              new Email().setValue("b2@other.example").setType("other").setDisplay("B"))
          .invoke(UserResource.class);
      equal(List.of("barbara@example.com", "b2@other.example"), values(barbara));
    });
    steps.step("a sub-attribute of a value is removed", () -> {
      barbara = scim.modifyRequest("Users", barbara.getId())
          .removeValues("emails[type eq \"other\"].display").invoke(UserResource.class);
      equal(null, barbara.getEmails().get(1).getDisplay());
    });
    steps.step("all values are replaced", () -> {
      barbara = scim.modifyRequest("Users", barbara.getId())
          .replaceValues("emails", List.of(new Email().setValue("b@example.com").setType("work").setPrimary(true)))
          .invoke(UserResource.class);
      equal(List.of("b@example.com"), values(barbara));
    });
    steps.step("the same value twice stays one", () -> {
      barbara = scim.modifyRequest("Users", barbara.getId())
          .addValues("emails", new Email().setValue("b@example.com").setType("work").setPrimary(true))
          .invoke(UserResource.class);
      equal(List.of("b@example.com"), values(barbara));
    });
    steps.step("an attribute is removed", () -> {
      barbara = scim.modifyRequest("Users", barbara.getId()).removeValues("nickName").invoke(UserResource.class);
      equal(null, barbara.getNickName());
    });
    patched("an object is added without a path", "/nickName", "Barb",
        () -> PatchOperation.add(json.objectNode().put("nickName", "Barb")));
    patched("an object is replaced without a path", "/locale", "de-DE",
        () -> PatchOperation.replace(json.objectNode().put("locale", "de-DE").put("timezone", "Europe/Berlin")));
    patched("a complex attribute is replaced", "/name/givenName", "Barbara J.", () -> PatchOperation.replace("name",
        json.objectNode().put("givenName", "Barbara J.").put("familyName", "Jensen")));
    patched("a path has its schema in front", "/userType", "Employee",
        () -> PatchOperation.replace(USER + ":userType", "Employee"));
    steps.step("a change in the version that was read", () -> {
      UserResource old = scim.retrieve(barbara);
      barbara = scim.modifyRequest(old).ifMatch().replaceValue("title", "Guide").invoke();
      refused(PreconditionFailedException.class,
          () -> scim.modifyRequest(old).ifMatch().replaceValue("title", "Thief").invoke());
      equal("Guide", steps.stored("/Users/" + barbara.getId()).at("/title").asText());
    });
  }

  private void modifyExtension() {
    patched("an attribute of the extension is replaced", "/" + ENTERPRISE + "/department", "Sales",
        () -> PatchOperation.replace(ENTERPRISE + ":department", "Sales"));
    patched("the manager is added", "/" + ENTERPRISE + "/manager/value", () -> boss.getId(), () -> PatchOperation.add(
        ENTERPRISE + ":manager", json.objectNode().put("value", boss.getId())));
    patched("the manager is replaced by its value", "/" + ENTERPRISE + "/manager/value", () -> barbara.getId(),
        () -> PatchOperation.replace(ENTERPRISE + ":manager.value", barbara.getId()));
    steps.step("the manager is removed", () -> {
      barbara = scim.modifyRequest("Users", barbara.getId()).removeValues(ENTERPRISE + ":manager")
          .invoke(UserResource.class);
      equal(null, barbara.getExtension(EnterpriseUserExtension.class).getManager());
    });
    patched("the extension is replaced as a whole", "/" + ENTERPRISE + "/costCenter", "4130",
        () -> PatchOperation.replace(json.objectNode().set(ENTERPRISE, json.objectNode().put("costCenter", "4130"))));
    steps.step("the extension is replaced by PUT", () -> {
      barbara.setExtension(new EnterpriseUserExtension().setDepartment("Tours")
          .setManager(new Manager().setValue(boss.getId())));
      barbara = scim.replace(barbara);
      EnterpriseUserExtension seen = barbara.getExtension(EnterpriseUserExtension.class);
      equal("Tours", seen.getDepartment());
      equal(null, seen.getCostCenter());
      equal(boss.getId(), seen.getManager().getValue());
    });
    steps.step("a user is found by an attribute of the extension", () -> equal(1,
        search(Filter.eq(ENTERPRISE + ":department", "tours")).getTotalResults()));
    steps.step("the extension is removed", () -> {
      barbara = scim.modifyRequest("Users", barbara.getId()).removeValues(ENTERPRISE + ":department")
          .removeValues(ENTERPRISE + ":manager").invoke(UserResource.class);
      equal(null, barbara.getExtension(EnterpriseUserExtension.class));
    });
  }

  private void leaveAndReturn() {
    for (boolean active : new boolean[] {false, true}) {
      steps.step("active becomes " + active, () -> {
        barbara = scim.modify(barbara, new PatchRequest(PatchOperation.replace("active", active)));
        equal(active, barbara.getActive());
        equal(active ? 0 : 1, search(Filter.eq("active", false)).getTotalResults());
      });
    }
  }

  private void list() {
    steps.step("many users are created", () -> {
      for (int number = 10; number < 35; number++) {
        scim.create("Users", new UserResource().setUserName("crowd" + number).setTitle("t" + number % 3)
            .setEmails(new Email().setValue("c" + number + "@example.com").setType("work")));
      }
    });
    for (int size : new int[] {1, 7, 10, 100}) {
      steps.step("all pages of " + size, () -> {
        List<String> names = new ArrayList<>();
        ListResponse<UserResource> page;
        do {
          page = scim.searchRequest("Users").page(names.size() + 1, size).invoke(UserResource.class);
          equal(28, page.getTotalResults());
          page.forEach(user -> names.add(user.getUserName()));
        } while (page.getResources().size() == size);
        equal(28, new HashSet<>(names).size());
        equal(28, names.size());
      });
    }
    steps.step("all pages by cursor", () -> {
      List<String> names = new ArrayList<>();
      ListResponse<UserResource> page =
          scim.searchRequest("Users").firstPageCursorWithCount(10).invoke(UserResource.class);
      page.forEach(user -> names.add(user.getUserName()));
      while (page.getNextCursor() != null) {
        page = scim.searchRequest("Users").pageWithCursor(page.getNextCursor(), 10).invoke(UserResource.class);
        page.forEach(user -> names.add(user.getUserName()));
      }
      equal(28, new HashSet<>(names).size());
      equal(28, names.size());
    });
    for (boolean post : new boolean[] {false, true}) {
      steps.step("a filtered and sorted page, by " + (post ? "POST" : "GET"), () -> {
        var request = scim.searchRequest("Users").filter(Filter.sw("userName", "crowd"))
            .sort("userName", SortOrder.DESCENDING).page(2, 3).attributes("userName");
        ListResponse<UserResource> page =
            post ? request.invokePost(UserResource.class) : request.invoke(UserResource.class);
        equal(25, page.getTotalResults());
        equal(List.of("crowd33", "crowd32", "crowd31"), page.getResources().stream().map(UserResource::getUserName)
            .toList());
        equal(null, page.getResources().get(0).getTitle());
      });
    }
    steps.step("a search by POST excludes attributes", () -> {
      ListResponse<UserResource> page = scim.searchRequest("Users").filter(Filter.eq("userName", "crowd10"))
          .excludedAttributes("emails").invokePost(UserResource.class);
      equal("t1", page.getResources().get(0).getTitle());
      equal(null, page.getResources().get(0).getEmails());
    });
    found("and, not", 16, () -> Filter.and(Filter.sw("userName", "crowd"), Filter.not(Filter.eq("title", "t1"))));
    found("or", 2, () -> Filter.or(Filter.eq("userName", "crowd10"), Filter.eq("userName", "crowd11")));
    found("a value of several", 26, () -> Filter.hasComplexValue("emails",
        Filter.and(Filter.eq("type", "work"), Filter.co("value", "c"), Filter.ew("value", "@example.com"))));
    found("an instant", 28, () -> Filter.fromString(
        "meta.lastModified gt \"" + Instant.now().minusSeconds(3600) + "\""));
    found("presence", 25, () -> Filter.and(Filter.pr("emails"), Filter.sw("userName", "crowd")));
    found("ge and lt of names", 5, () -> Filter.and(
        Filter.ge("userName", "crowd30"), Filter.lt("userName", "crowd35")));
  }

  private void groups() {
    steps.step("a group is created with a member", () -> {
      guides = scim.create("Groups", new GroupResource().setDisplayName("Tour Guides")
          .setMembers(new Member().setValue(barbara.getId())));
      equal("Tour Guides", guides.getDisplayName());
      equal(List.of(barbara.getId()), members(guides));
    });
    steps.step("a group's name is taken", () -> refused(ResourceConflictException.class,
        () -> scim.create("Groups", new GroupResource().setDisplayName("tour guides"))));
    steps.step("a group is found by its name", () -> equal(1, scim.searchRequest("Groups")
        .filter(Filter.eq("displayName", "Tour Guides")).invoke(GroupResource.class).getTotalResults()));
    steps.step("a group is found by its member", () -> equal(1, scim.searchRequest("Groups")
        .filter(Filter.eq("members.value", barbara.getId())).invoke(GroupResource.class).getTotalResults()));
    // A PATCH of a group is answered without the group, which the client returns as null.
    changed("a member is added", () -> List.of(barbara.getId(), boss.getId()), () -> PatchOperation.add("members",
        json.arrayNode().add(json.objectNode().put("value", boss.getId()))));
    changed("a member is removed by a filter", () -> List.of(barbara.getId()), () -> PatchOperation.remove(
        "members[value eq \"" + boss.getId() + "\"]"));
    changed("members are replaced", () -> List.of(boss.getId()), () -> PatchOperation.replace("members",
        json.arrayNode().add(json.objectNode().put("value", boss.getId()))));
    changed("a member is removed by its value", () -> List.of(), () -> PatchOperation.remove("members")
        .setRemoveOpValue(List.of(new Member().setValue(boss.getId())), false));
    changed("a member is added without a path", () -> List.of(barbara.getId()), () -> PatchOperation.add(
        json.objectNode().set("members", json.arrayNode().add(json.objectNode().put("value", barbara.getId())))));
    steps.step("a group is returned if attributes are requested", () -> {
      GroupResource seen = scim.modifyRequest("Groups", guides.getId()).replaceValue("displayName", "Guides")
          .attributes("displayName", "members").invoke(GroupResource.class);
      equal("Guides", seen.getDisplayName());
      equal(List.of(barbara.getId()), members(seen));
    });
    steps.step("a user shows its groups", () -> {
      UserResource user = scim.retrieve("Users", barbara.getId(), UserResource.class);
      equal("Guides", user.getGroups().get(0).getDisplay());
      equal(guides.getId(), user.getGroups().get(0).getValue());
    });
    steps.step("a group is a member of a group, and both are deleted", () -> {
      GroupResource outer = scim.create("Groups", new GroupResource().setDisplayName("Everybody")
          .setMembers(new Member().setValue(guides.getId()).setType("Group")));
      equal("Group", outer.getMembers().get(0).getType());
      scim.delete(outer);
      refused(ResourceNotFoundException.class, () -> scim.retrieve(outer));
    });
    steps.step("a group is replaced", () -> {
      GroupResource read = scim.retrieve("Groups", guides.getId(), GroupResource.class);
      read.setDisplayName("Tour Guides").setMembers(new Member().setValue(barbara.getId()),
          new Member().setValue(boss.getId()));
      guides = scim.replaceRequest(read).ifMatch().invoke();
      equal(Set.of(barbara.getId(), boss.getId()), new HashSet<>(members(guides)));
    });
    steps.step("a list of groups excludes the members", () -> {
      ListResponse<GroupResource> page =
          scim.searchRequest("Groups").excludedAttributes("members").invoke(GroupResource.class);
      equal(1, page.getTotalResults());
      equal(null, page.getResources().get(0).getMembers());
    });
  }

  private void errors() {
    steps.step("an unknown id", () -> {
      ResourceNotFoundException missing = refused(ResourceNotFoundException.class,
          () -> scim.retrieve("Users", "2819c223-7f76-453a-919d-413861904646", UserResource.class));
      equal(404, missing.getScimError().getStatus());
    });
    bad("invalidFilter", () -> search("userName eq"));
    bad("noTarget", () -> scim.modifyRequest("Users", barbara.getId())
        .replaceValue("emails[value sw \"nobody\"].display", "B").invoke(UserResource.class));
    bad("mutability", () -> scim.modifyRequest("Users", barbara.getId()).replaceValue("id", "1")
        .invoke(UserResource.class));
    bad("invalidValue", () -> scim.modifyRequest("Users", barbara.getId()).replaceValue("active", "perhaps")
        .invoke(UserResource.class));
    bad("invalidValue", () -> scim.create("Users", new UserResource().setDisplayName("No name")));
    bad("invalidPath", () -> scim.modifyRequest("Users", barbara.getId()).replaceValue("shoeSize", "44")
        .invoke(UserResource.class));
    steps.step("an unknown token", () -> refused(UnauthorizedException.class,
        () -> service(base, "x".repeat(40)).retrieve(barbara)));
  }

  private void delete() {
    steps.step("a stale version is not deleted", () -> refused(PreconditionFailedException.class,
        () -> scim.deleteRequest("Users", barbara.getId()).ifMatch("W/\"0\"").invoke()));
    steps.step("a user is deleted", () -> {
      scim.delete("Users", barbara.getId());
      equal(404, steps.status("/Users/" + barbara.getId()));
      refused(ResourceNotFoundException.class, () -> scim.delete("Users", barbara.getId()));
      equal(List.of(boss.getId()), members(scim.retrieve("Groups", guides.getId(), GroupResource.class)));
    });
    steps.step("a group is deleted", () -> {
      scim.delete(guides);
      equal(404, steps.status("/Groups/" + guides.getId()));
      equal(0, scim.searchRequest("Groups").invoke(GroupResource.class).getTotalResults());
    });
    steps.step("the name can be used again", () -> {
      UserResource again = scim.create("Users", new UserResource().setUserName("bjensen"));
      holds(!again.getId().equals(barbara.getId()), again);
    });
  }

  /** A value that is computed when its step runs. */
  private interface Later<T> {
    T value() throws Exception;
  }

  private void patched(String name, String pointer, String expected, Later<PatchOperation> operation) {
    patched(name, pointer, () -> expected, operation);
  }

  private void patched(String name, String pointer, Later<String> expected, Later<PatchOperation> operation) {
    steps.step(name, () -> {
      barbara = scim.modify("Users", barbara.getId(), new PatchRequest(operation.value()), UserResource.class);
      JsonNode seen = barbara.asGenericScimResource().getObjectNode();
      equal(expected.value(), seen.at(pointer).asText());
      equal(expected.value(), steps.stored("/Users/" + barbara.getId()).at(pointer).asText());
    });
  }

  private void changed(String name, Later<List<String>> expected, Later<PatchOperation> operation) {
    steps.step(name, () -> {
      equal(null, scim.modify("Groups", guides.getId(), new PatchRequest(operation.value()), GroupResource.class));
      equal(new HashSet<>(expected.value()),
          new HashSet<>(members(scim.retrieve("Groups", guides.getId(), GroupResource.class))));
    });
  }

  private void found(String name, int total, Later<Filter> filter) {
    steps.step("a filter: " + name, () -> equal(total, search(filter.value()).getTotalResults()));
  }

  private void bad(String type, Steps.Action action) {
    steps.step("bad request: " + type, () -> {
      BadRequestException refusal = refused(BadRequestException.class, action);
      equal(type, refusal.getScimError().getScimType());
      holds(!refusal.getScimError().getDetail().isBlank(), refusal);
    });
  }

  private ListResponse<UserResource> search(Filter filter) throws Exception {
    return search(filter.toString());
  }

  private ListResponse<UserResource> search(String filter) throws Exception {
    return scim.search("Users", filter, UserResource.class);
  }

  private static List<String> values(UserResource user) {
    return user.getEmails().stream().map(Email::getValue).toList();
  }

  private static List<String> members(GroupResource group) {
    return group.getMembers() == null ? List.of() : group.getMembers().stream().map(Member::getValue).toList();
  }
}
