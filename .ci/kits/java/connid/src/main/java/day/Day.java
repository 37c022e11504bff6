package day;

import static day.Steps.equal;
import static day.Steps.holds;
import static day.Steps.refused;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.logging.LogManager;
import net.tirasa.connid.bundles.scim.common.SCIMConnectorConfiguration;
import net.tirasa.connid.bundles.scim.v2.SCIMv2Connector;
import org.identityconnectors.common.logging.Log;
import org.identityconnectors.common.logging.impl.NoOpLogger;
import org.identityconnectors.common.security.GuardedString;
import org.identityconnectors.framework.api.APIConfiguration;
import org.identityconnectors.framework.api.ConnectorFacade;
import org.identityconnectors.framework.api.ConnectorFacadeFactory;
import org.identityconnectors.framework.common.exceptions.ConnectorException;
import org.identityconnectors.framework.common.objects.Attribute;
import org.identityconnectors.framework.common.objects.AttributeBuilder;
import org.identityconnectors.framework.common.objects.AttributeDelta;
import org.identityconnectors.framework.common.objects.AttributeDeltaBuilder;
import org.identityconnectors.framework.common.objects.ConnectorObject;
import org.identityconnectors.framework.common.objects.Name;
import org.identityconnectors.framework.common.objects.ObjectClass;
import org.identityconnectors.framework.common.objects.OperationOptions;
import org.identityconnectors.framework.common.objects.OperationOptionsBuilder;
import org.identityconnectors.framework.common.objects.SearchResult;
import org.identityconnectors.framework.common.objects.Uid;
import org.identityconnectors.framework.common.objects.filter.FilterBuilder;
import org.identityconnectors.framework.spi.SearchResultsHandler;
import org.identityconnectors.test.common.TestHelpers;

/**
 * A day of ConnId's SCIM bundle, which Apache Syncope and midPoint use. It does not read the schemas: it has its own. Every
 * error is a `ConnectorException` with the answer as text.
 */
final class Day {
  private static final ObjectClass USER = ObjectClass.ACCOUNT;
  private static final ObjectClass GROUP = ObjectClass.GROUP;
  private static final String ENTERPRISE = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User";
  private static final String[] ATTRIBUTES = {"userName", "active", "externalId", "displayName", "nickName", "title",
      "name.familyName", "name.givenName", "emails.work.value", "emails.home.value", "phoneNumbers.work.value",
      "addresses.work.locality", ENTERPRISE + ":department", ENTERPRISE + ":manager.value", "members"};

  private final Steps steps;
  /** Changes by PUT, the bundle's default, and by PATCH. */
  private final ConnectorFacade put;
  private final ConnectorFacade patch;
  private final ConnectorFacade stranger;
  private Uid barbara;
  private Uid boss;
  private Uid guides;

  private Day(String base, String token) {
    steps = new Steps(base, token);
    put = facade(base, token, "PUT");
    patch = facade(base, token, "PATCH");
    stranger = facade(base, "x".repeat(40), "PUT");
  }

  public static void main(String[] arguments) {
    System.setProperty(Log.LOGSPI_PROP, NoOpLogger.class.getName());
    LogManager.getLogManager().reset();
    Day day = new Day(arguments[0], arguments[1]);
    day.create();
    day.read();
    day.replace();
    day.delta();
    day.leaveAndReturn();
    day.list();
    day.groups();
    day.memberships();
    day.errors();
    day.delete();
    day.steps.end();
  }

  private static ConnectorFacade facade(String base, String token, String method) {
    SCIMConnectorConfiguration configuration = new SCIMConnectorConfiguration();
    configuration.setBaseAddress(base);
    configuration.setBearerToken(token);
    configuration.setUpdateUserMethod(method);
    configuration.setUpdateGroupMethod(method);
    APIConfiguration api = TestHelpers.createTestConfiguration(SCIMv2Connector.class, configuration);
    // The usual configuration: the server filters, and the framework only verifies.
    api.getResultsHandlerConfiguration().setFilteredResultsHandlerInValidationMode(true);
    return ConnectorFacadeFactory.getInstance().newInstance(api);
  }

  private void create() {
    steps.step("the connection is tested", put::test);
    steps.step("a user is created with many attributes", () -> {
      barbara = put.create(USER, Set.of(
          AttributeBuilder.build("userName", "bjensen"), AttributeBuilder.build("externalId", "701984"),
          AttributeBuilder.buildPassword(new GuardedString("t1meMa$heen".toCharArray())),
          AttributeBuilder.buildEnabled(true), AttributeBuilder.build("displayName", "Babs"),
          AttributeBuilder.build("name.familyName", "Jensen"), AttributeBuilder.build("name.givenName", "Barbara"),
          AttributeBuilder.build("emails.work.value", "babs@example.com"),
          AttributeBuilder.build("emails.work.primary", true),
          AttributeBuilder.build("emails.home.value", "babs@home.example"),
          AttributeBuilder.build("phoneNumbers.work.value", "+49 30 1234"),
          AttributeBuilder.build("addresses.work.locality", "Hollywood"),
          AttributeBuilder.build(ENTERPRISE + ":department", "Tours"),
          AttributeBuilder.build(ENTERPRISE + ":employeeNumber", "701984")), null);
      JsonNode stored = stored();
      equal("bjensen", stored.at("/userName").asText());
      equal("Tours", stored.at("/" + ENTERPRISE + "/department").asText());
      equal("Hollywood", stored.at("/addresses/0/locality").asText());
      equal(true, stored.at("/active").booleanValue());
    });
    steps.step("a second user is created", () -> boss = put.create(USER, Set.of(
        AttributeBuilder.build("userName", "boss"), AttributeBuilder.buildEnabled(true)), null));
    steps.step("a taken name is a conflict", () -> says("409", "uniqueness", () -> put.create(USER, Set.of(
        AttributeBuilder.build("userName", "BJensen")), null)));
  }

  private void read() {
    steps.step("a user is read by id", () -> {
      ConnectorObject seen = put.getObject(USER, barbara, asked());
      equal("bjensen", seen.getName().getNameValue());
      equal("Jensen", value(seen, "name.familyName"));
      equal("babs@example.com", value(seen, "emails.work.value"));
      equal("babs@home.example", value(seen, "emails.home.value"));
      equal("Tours", value(seen, ENTERPRISE + ":department"));
      equal("701984", value(seen, "externalId"));
    });
    steps.step("a user is found by its name", () -> equal(List.of(barbara), ids(search(USER,
        new Name("bjensen")))));
    steps.step("a user is found by another attribute", () -> equal(List.of(barbara), ids(search(USER,
        AttributeBuilder.build("externalId", "701984")))));
    steps.step("an unknown name finds nothing", () -> equal(List.of(), search(USER, new Name("nobody"))));
    steps.step("attributes are selected", () -> {
      Found found = new Found();
      put.search(USER, FilterBuilder.equalTo(new Name("bjensen")), found,
          new OperationOptionsBuilder().setAttributesToGet("emails.work.value").build());
      equal("babs@example.com", value(found.objects.get(0), "emails.work.value"));
      equal(null, found.objects.get(0).getAttributeByName("title"));
    });
  }

  private void replace() {
    steps.step("a user is replaced by PUT", () -> {
      equal(barbara, put.update(USER, barbara, Set.of(AttributeBuilder.build("userName", "bjensen"),
          AttributeBuilder.buildEnabled(true), AttributeBuilder.build("title", "Tour Guide"),
          AttributeBuilder.build("emails.work.value", "babs@example.com"),
          AttributeBuilder.build(ENTERPRISE + ":department", "Tours"),
          AttributeBuilder.build(ENTERPRISE + ":manager.value", boss.getUidValue())), null));
      JsonNode stored = stored();
      equal("Tour Guide", stored.at("/title").asText());
      holds(stored.at("/name").isMissingNode() && stored.at("/addresses").isMissingNode(), stored);
      equal(1, stored.at("/emails").size());
      equal(boss.getUidValue(), stored.at("/" + ENTERPRISE + "/manager/value").asText());
    });
  }

  private void delta() {
    changed("a text is replaced", "/title", "Boss", AttributeDeltaBuilder.build("title", "Boss"));
    changed("the name is replaced", "/name/familyName", "Jensen", AttributeDeltaBuilder.build("name.familyName",
        "Jensen"));
    steps.step("a value is added to a multi-valued attribute", () -> {
      change(AttributeDeltaBuilder.build("emails.home.value", List.of("b@home.example"), List.of()));
      equal("home", stored().at("/emails/1/type").asText());
      equal("b@home.example", value(put.getObject(USER, barbara, asked()), "emails.home.value"));
    });
    steps.step("a value is removed from a multi-valued attribute", () -> {
      change(AttributeDeltaBuilder.build("emails.home.value", List.of(), List.of("b@home.example")));
      equal(1, stored().at("/emails").size());
    });
    steps.step("a value is replaced by another", () -> {
      change(AttributeDeltaBuilder.build("emails.work.value", List.of("b@example.com"),
          List.of("babs@example.com")));
      equal("b@example.com", stored().at("/emails/0/value").asText());
      equal(1, stored().at("/emails").size());
    });
    steps.step("all values are replaced", () -> {
      change(AttributeDeltaBuilder.build("phoneNumbers.work.value", List.of("+49 30 4321")));
      equal("+49 30 4321", stored().at("/phoneNumbers/0/value").asText());
    });
    steps.step("a text is removed by its value", () -> {
      change(AttributeDeltaBuilder.build("title", List.of(), List.of("Boss")));
      holds(stored().at("/title").isMissingNode(), stored());
    });
    changed("an address is added", "/addresses/0/locality", "Berlin",
        AttributeDeltaBuilder.build("addresses.work.locality", List.of("Berlin"), List.of()));
    changed("an attribute of the extension", "/" + ENTERPRISE + "/department", "Sales",
        AttributeDeltaBuilder.build(ENTERPRISE + ":department", "Sales"));
    steps.step("the manager is replaced", () -> {
      change(AttributeDeltaBuilder.build(ENTERPRISE + ":manager.value", barbara.getUidValue()));
      equal(barbara.getUidValue(), stored().at("/" + ENTERPRISE + "/manager/value").asText());
    });
    steps.step("the manager is removed", () -> {
      change(AttributeDeltaBuilder.build(ENTERPRISE + ":manager.value", List.of(), List.of(barbara.getUidValue())));
      holds(stored().at("/" + ENTERPRISE + "/manager").isMissingNode(), stored());
    });
    steps.step("the user is renamed", () -> {
      change(AttributeDeltaBuilder.build(Name.NAME, "barbara"));
      equal(List.of(barbara), ids(search(USER, new Name("barbara"))));
      change(AttributeDeltaBuilder.build(Name.NAME, "bjensen"));
    });
    steps.step("the password is changed", () -> change(AttributeDeltaBuilder.buildPassword(
        new GuardedString("an0ther$ecret".toCharArray()))));
  }

  private void leaveAndReturn() {
    for (boolean active : new boolean[] {false, true}) {
      steps.step("active becomes " + active + " by PATCH", () -> {
        change(AttributeDeltaBuilder.build("active", active));
        equal(active, stored().at("/active").booleanValue());
      });
      steps.step("active becomes " + active + " by PUT", () -> {
        put.update(USER, barbara, Set.of(AttributeBuilder.build("userName", "bjensen"),
            AttributeBuilder.buildEnabled(active)), null);
        equal(active, stored().at("/active").booleanValue());
      });
    }
  }

  private void list() {
    steps.step("many users are created", () -> {
      for (int number = 10; number < 35; number++) {
        put.create(USER, Set.of(AttributeBuilder.build("userName", "crowd" + number)), null);
      }
    });
    for (int size : new int[] {1, 7, 100}) {
      steps.step("all pages of " + size, () -> {
        Found all = new Found();
        String cookie = "";
        do {
          SearchResult result = put.search(USER, null, all, new OperationOptionsBuilder()
              .setAttributesToGet("userName").setPageSize(size).setPagedResultsCookie(cookie).build());
          cookie = result.getPagedResultsCookie();
        } while (cookie != null);
        equal(27, all.objects.size());
        equal(27, new HashSet<>(ids(all.objects)).size());
      });
    }
    steps.step("all users on one page", () -> {
      Found all = new Found();
      put.search(USER, null, all, asked());
      equal(27, all.objects.size());
    });
  }

  private void groups() {
    steps.step("a group is created", () -> guides = put.create(GROUP, Set.of(
        AttributeBuilder.build("displayName", "Tour Guides")), null));
    steps.step("a group's name is taken", () -> says("409", "uniqueness", () -> put.create(GROUP, Set.of(
        AttributeBuilder.build("displayName", "tour guides")), null)));
    steps.step("a group is found by its name", () -> equal(List.of(guides), ids(search(GROUP,
        new Name("Tour Guides")))));
    steps.step("a group is replaced by PUT", () -> {
      put.update(GROUP, guides, Set.of(AttributeBuilder.build("displayName", "Guides"),
          AttributeBuilder.build("members", boss.getUidValue())), null);
      equal("Guides", group().at("/displayName").asText());
      equal(Set.of(boss.getUidValue()), members());
    });
    steps.step("a group is replaced by PATCH without a path", () -> {
      patch.update(GROUP, guides, Set.of(AttributeBuilder.build("displayName", "Tour Guides"),
          AttributeBuilder.build("members", boss.getUidValue(), barbara.getUidValue())), null);
      equal("Tour Guides", group().at("/displayName").asText());
      equal(Set.of(boss.getUidValue(), barbara.getUidValue()), members());
    });
    steps.step("a member is removed", () -> {
      patch.updateDelta(GROUP, guides, Set.of(AttributeDeltaBuilder.build("members", List.of(),
          List.of(boss.getUidValue()))), null);
      equal(Set.of(barbara.getUidValue()), members());
    });
    steps.step("a member is added", () -> {
      patch.updateDelta(GROUP, guides, Set.of(AttributeDeltaBuilder.build("members", List.of(boss.getUidValue()),
          List.of())), null);
      equal(Set.of(boss.getUidValue(), barbara.getUidValue()), members());
    });
    steps.step("members are replaced", () -> {
      patch.updateDelta(GROUP, guides, Set.of(AttributeDeltaBuilder.build("members",
          List.of(boss.getUidValue()))), null);
      equal(Set.of(boss.getUidValue()), members());
    });
    steps.step("a group is renamed", () -> {
      patch.updateDelta(GROUP, guides, Set.of(AttributeDeltaBuilder.build(Name.NAME, "Guides")), null);
      equal("Guides", group().at("/displayName").asText());
      equal("Guides", steps.stored("/Users/" + boss.getUidValue()).at("/groups/0/display").asText());
    });
    steps.step("a group is a member of a group", () -> {
      Uid outer = put.create(GROUP, Set.of(AttributeBuilder.build("displayName", "Everybody"),
          AttributeBuilder.build("members", guides.getUidValue())), null);
      equal("Group", steps.stored("/Groups/" + outer.getUidValue()).at("/members/0/type").asText());
      put.delete(GROUP, outer, null);
      equal(404, steps.status("/Groups/" + outer.getUidValue()));
    });
    steps.step("groups are listed in pages", () -> {
      Found all = new Found();
      put.search(GROUP, null, all, new OperationOptionsBuilder().setAttributesToGet("displayName")
          .setPageSize(10).build());
      equal(List.of(guides), ids(all.objects));
    });
  }

  /** The bundle can also change memberships of a user: it then changes the groups. */
  private void memberships() {
    steps.step("a user is put into a group by a change", () -> {
      change(AttributeDeltaBuilder.build("groups", List.of(guides.getUidValue()), List.of()));
      equal(Set.of(boss.getUidValue(), barbara.getUidValue()), members());
    });
    steps.step("a user is taken out of a group by a change", () -> {
      change(AttributeDeltaBuilder.build("groups", List.of(), List.of(guides.getUidValue())));
      equal(Set.of(boss.getUidValue()), members());
    });
  }

  private void errors() {
    Uid unknown = new Uid("2819c223-7f76-453a-919d-413861904646");
    steps.step("an unknown id is read", () -> refused(ConnectorException.class,
        () -> put.getObject(USER, unknown, asked())));
    steps.step("an unknown id is deleted", () -> refused(ConnectorException.class,
        () -> put.delete(USER, unknown, null)));
    steps.step("a wrong value", () -> says("400", "invalidValue", () -> patch.updateDelta(USER, barbara, Set.of(
        AttributeDeltaBuilder.build(Name.NAME, "")), null)));
    steps.step("an unknown attribute", () -> says("400", "invalidPath", () -> patch.updateDelta(USER,
        barbara, Set.of(AttributeDeltaBuilder.build("shoeSize", "44")), null)));
    // After a 401 the bundle requests another token at an address that is not configured.
    steps.step("an unknown token", () -> refused(RuntimeException.class, stranger::test));
  }

  private void delete() {
    steps.step("a user is deleted", () -> {
      put.delete(USER, barbara, null);
      equal(404, steps.status("/Users/" + barbara.getUidValue()));
      equal(List.of(), search(USER, new Name("bjensen")));
    });
    steps.step("a group is deleted", () -> {
      put.delete(GROUP, guides, null);
      equal(404, steps.status("/Groups/" + guides.getUidValue()));
    });
    steps.step("the name can be used again", () -> holds(!put.create(USER, Set.of(
        AttributeBuilder.build("userName", "bjensen")), null).equals(barbara), barbara));
  }

  private void changed(String name, String pointer, String expected, AttributeDelta delta) {
    steps.step(name, () -> {
      change(delta);
      equal(expected, stored().at(pointer).asText());
    });
  }

  private void change(AttributeDelta delta) {
    patch.updateDelta(USER, barbara, Set.of(delta), null);
  }

  /** Asserts an error whose text, or whose cause's text, contains the answer. */
  private static void says(String status, String type, Steps.Action action) throws Exception {
    StringBuilder said = new StringBuilder();
    for (Throwable cause = refused(ConnectorException.class, action); cause != null; cause = cause.getCause()) {
      said.append(cause.getMessage()).append('\n');
    }
    holds(said.toString().contains("status is " + status) && said.toString().contains(type), said);
  }

  private List<ConnectorObject> search(ObjectClass kind, Attribute attribute) {
    Found found = new Found();
    put.search(kind, FilterBuilder.equalTo(attribute), found, asked());
    return found.objects;
  }

  /** The results of a search, page by page. */
  private static final class Found implements SearchResultsHandler {
    private final List<ConnectorObject> objects = new ArrayList<>();

    @Override
    public boolean handle(ConnectorObject object) {
      return objects.add(object);
    }

    @Override
    public void handleResult(SearchResult result) {
      // `search` also returns it.
    }
  }

  private static OperationOptions asked() {
    return new OperationOptionsBuilder().setAttributesToGet(Arrays.asList(ATTRIBUTES)).build();
  }

  private static List<Uid> ids(List<ConnectorObject> objects) {
    return objects.stream().map(ConnectorObject::getUid).toList();
  }

  private static Object value(ConnectorObject object, String name) {
    Attribute attribute = object.getAttributeByName(name);
    return attribute == null ? null : attribute.getValue().get(0);
  }

  private JsonNode stored() throws Exception {
    return steps.stored("/Users/" + barbara.getUidValue());
  }

  private JsonNode group() throws Exception {
    return steps.stored("/Groups/" + guides.getUidValue());
  }

  private Set<String> members() throws Exception {
    Set<String> ids = new HashSet<>();
    group().at("/members").forEach(member -> ids.add(member.at("/value").asText()));
    return ids;
  }
}
