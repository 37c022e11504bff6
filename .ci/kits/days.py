"""The days of two Python clients. `clients.py` runs them; the Java clients' days are in `java`."""

import traceback
import urllib.error

import httpx2
from scim2_client.engines.httpx2 import SyncSCIMClient
from scim2_models import (
    BulkOperation,
    BulkRequest,
    ConflictException,
    Group,
    GroupMember,
    InvalidFilterException,
    InvalidPathException,
    MutabilityException,
    NotFoundException,
    NoTargetException,
    PatchOp,
    PatchOperation,
    PreconditionFailedException,
    ResourceType,
    ResponseParameters,
    Schema,
    SearchRequest,
    ServiceProviderConfig,
    UnauthorizedException,
    UniquenessException,
    User,
)
from scim_client import SCIMClient
from scim_client import User as ScimClientUser

ENTERPRISE = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"
UNKNOWN = "2819c223-7f76-453a-919d-413861904646"


class Steps:
    """Runs and counts the steps of a client's day and reports failures."""

    def __init__(self):
        self.done = self.failed = 0

    def step(self, name, action):
        """Runs a step. A failure does not end the day: later steps help to find the cause."""
        self.done += 1
        try:
            action()
        except Exception:
            self.failed += 1
            print(f"FAILED {name}", flush=True)
            traceback.print_exc()

    def __str__(self):
        return f"{self.done - self.failed} of {self.done} steps"


def refused(kind, action):
    """Runs an action that must raise this exception, and returns the exception."""
    try:
        action()
    except kind as refusal:
        return refusal
    raise AssertionError(f"no error, {kind.__name__} expected")


def equal(expected, seen):
    """Asserts that the client saw this value."""
    assert expected == seen, f"expected {expected!r}, got {seen!r}"


class Scim2Client:
    """A day of scim2-client, which validates each answer against the discovered schemas."""

    def __init__(self, base, key, stored):
        self.base, self.stored, self.steps = base, stored, Steps()
        self.scim = self.client(key)
        self.user_model = self.enterprise = None
        self.barbara = self.boss = self.guides = None

    def client(self, key):
        """A client with this token."""
        headers = {"Authorization": f"Bearer {key}"}
        return SyncSCIMClient(httpx2.Client(base_url=self.base, headers=headers, trust_env=False, timeout=30))

    def live(self):
        """Runs all steps from discovery to the last deletion."""
        for part in (
            *(self.discover, self.create, self.read, self.replace, self.modify, self.extension, self.active),
            *(self.list, self.groups, self.bulk, self.errors, self.delete),
        ):
            part()
        return self.steps

    def discover(self):
        """Discovery: the client builds its models from the published schemas."""
        step = self.steps.step
        step("discovery is read at once", self.scim.discover)

        def published():
            config = self.scim.query(ServiceProviderConfig)
            assert config.patch.supported and config.bulk.supported and config.etag.supported, config
            assert config.filter.supported and config.sort.supported and config.pagination.cursor, config
            names = {kind.name for kind in self.scim.query(ResourceType).resources}
            equal({"User", "Group"}, names)
            ids = {schema.id for schema in self.scim.query(Schema).resources}
            assert {User.__schema__, Group.__schema__, ENTERPRISE} <= ids, ids

        step("each discovery endpoint is read", published)

        def models():
            self.user_model = self.scim.get_resource_model("User")
            self.enterprise = self.user_model.get_extension_model(ENTERPRISE)

        step("the models are built", models)
        step("a schema is read", lambda: equal("User", self.scim.query(Schema, User.__schema__).name))

    def create(self):
        """A full user, a minimal user and a duplicate."""
        step, model = self.steps.step, self.user_model

        def everything():
            user = model.model_validate(
                {
                    "schemas": [User.__schema__, ENTERPRISE],
                    "userName": "bjensen",
                    "externalId": "701984",
                    "displayName": "Babs",
                    "name": {"givenName": "Barbara", "familyName": "Jensen"},
                    "title": "Guide",
                    "password": "t1meMa$heen",
                    "active": True,
                    "emails": [
                        {"value": "babs@example.com", "type": "work", "primary": True},
                        {"value": "babs@home.example", "type": "home"},
                    ],
                    ENTERPRISE: {"employeeNumber": "701984", "department": "Tours"},
                }
            )
            self.barbara = self.scim.create(user)
            equal("bjensen", self.barbara.user_name)
            equal(None, self.barbara.password)
            equal("Tours", self.barbara[self.enterprise].department)
            equal(f"{self.base}/Users/{self.barbara.id}", str(self.barbara.meta.location))
            equal("701984", self.stored(f"/Users/{self.barbara.id}")["externalId"])

        step("a user is created with many attributes", everything)

        def boss():
            self.boss = self.scim.create(model(user_name="boss"))

        step("a second user is created", boss)

        def taken():
            refusal = refused(UniquenessException, lambda: self.scim.create(model(user_name="BJensen")))
            assert "userName" in refusal.detail, refusal.detail

        step("a taken name is a conflict", taken)

    def read(self):
        """Reads by id, by name and with selected attributes."""
        step, model = self.steps.step, self.user_model
        step("a user is found by its name", lambda: equal([self.barbara.id], self.ids('userName eq "BJENSEN"')))
        step("an unknown name finds nothing", lambda: equal([], self.ids('userName eq "nobody"')))
        step("a user is read by id", lambda: equal(self.barbara, self.scim.query(model, self.barbara.id)))

        def unchanged():
            # On 304 the client returns the object that it already has.
            assert self.scim.query(self.barbara) is self.barbara

        step("an unchanged user is not read again", unchanged)

        def chosen():
            parameters = ResponseParameters[model](attributes=["name.givenName", "emails"])
            user = self.scim.query(model, self.barbara.id, parameters)
            equal(("Barbara", None, None), (user.name.given_name, user.name.family_name, user.user_name))
            equal(2, len(user.emails))

        step("attributes are selected", chosen)

        def left_out():
            parameters = ResponseParameters[model](excluded_attributes=["emails", "title"])
            user = self.scim.query(model, self.barbara.id, parameters)
            equal(("bjensen", None, None), (user.user_name, user.emails, user.title))

        step("attributes are excluded", left_out)

    def replace(self):
        """PUT with the version that was read."""

        def replaced():
            self.barbara.title, self.barbara.display_name = "Tour Guide", None
            before = self.barbara.model_copy(deep=True)
            self.barbara = self.scim.replace(self.barbara)
            equal(("Tour Guide", None), (self.barbara.title, self.barbara.display_name))
            assert "displayName" not in self.stored(f"/Users/{self.barbara.id}")
            # The client sends the version of the user that it replaces.
            refused(PreconditionFailedException, lambda: self.scim.replace(before))

        self.steps.step("a user is replaced, but not in an old version", replaced)

    def modify(self):
        """Each PATCH operation, with and without a path."""
        changed = self.changed
        changed("a text is replaced", {"op": "replace", "path": "title", "value": "Boss"}, title="Boss")
        operation = {"op": "replace", "path": "name.familyName", "value": "Smith"}
        changed("a part is replaced", operation, family_name="Smith")
        both = {"nickName": "Barb", "title": "Guide"}
        changed("two attributes without a path", {"op": "add", "value": both}, nick_name="Barb", title="Guide")
        changed("an attribute is removed", {"op": "remove", "path": "nickName"}, nick_name=None)
        changed("a null clears", {"op": "replace", "path": "title", "value": None}, title=None)
        work, home = {"value": "b@example.com", "type": "work"}, {"value": "b@home.example", "type": "home"}
        for name, expected, *operations in (
            ("values are replaced", ["b@example.com"], {"op": "replace", "path": "emails", "value": [work]}),
            ("a value is added", ["b@example.com", "b@home.example"], {"op": "add", "path": "emails", "value": [home]}),
            (
                "a value is changed by a filter",
                ["c@example.com", "b@home.example"],
                {"op": "replace", "path": 'emails[type eq "work"].value', "value": "c@example.com"},
            ),
            ("a value is removed by a filter", ["c@example.com"], {"op": "remove", "path": 'emails[type eq "home"]'}),
            (
                "two operations in one request",
                ["b@example.com", "b@home.example"],
                {"op": "replace", "path": "emails", "value": [work]},
                {"op": "add", "path": "emails", "value": [home]},
            ),
        ):
            changed(name, *operations, emails=expected)

        def computed():
            wanted = self.barbara.model_copy(deep=True)
            wanted.title, wanted.nick_name, wanted.name.given_name = "Boss", "Babs", "B."
            patch = PatchOp[self.user_model].build_from(self.barbara, wanted)
            self.barbara = self.scim.modify(self.barbara, patch)
            equal(("Boss", "Babs", "B."), (self.barbara.title, self.barbara.nick_name, self.barbara.name.given_name))

        self.steps.step("the client computes a patch", computed)

        def stale():
            old = self.barbara
            self.barbara = self.scim.modify(old, self.patch({"op": "replace", "path": "title", "value": "Guide"}))
            patch = self.patch({"op": "replace", "path": "title", "value": "Thief"})
            refused(PreconditionFailedException, lambda: self.scim.modify(old, patch))
            equal("Guide", self.stored(f"/Users/{self.barbara.id}")["title"])

        self.steps.step("an old version is not changed", stale)

    def extension(self):
        """The enterprise extension and the manager."""

        def department():
            self.apply({"op": "replace", "path": f"{ENTERPRISE}:department", "value": "Sales"})
            equal("Sales", self.barbara[self.enterprise].department)
            equal([self.barbara.id], self.ids(f'{ENTERPRISE}:department eq "sales"'))

        def manager():
            self.apply({"op": "add", "path": f"{ENTERPRISE}:manager", "value": {"value": self.boss.id}})
            equal(self.boss.id, self.barbara[self.enterprise].manager.value)
            self.apply({"op": "remove", "path": f"{ENTERPRISE}:manager"})
            equal(None, self.barbara[self.enterprise].manager)

        def whole():
            self.apply({"op": "add", "value": {ENTERPRISE: {"costCenter": "4130"}}})
            seen = self.barbara[self.enterprise]
            equal(("4130", "Sales"), (seen.cost_center, seen.department))

        self.steps.step("an attribute of the extension", department)
        self.steps.step("the manager is added and removed", manager)
        self.steps.step("the extension without a path", whole)

    def active(self):
        """Deactivates and reactivates a user."""
        for active in (False, True):

            def become(active=active):
                self.apply({"op": "replace", "path": "active", "value": active})
                equal(active, self.barbara.active)
                equal([] if active else [self.barbara.id], self.ids("active eq false"))

            self.steps.step(f"active becomes {active}", become)

    def list(self):
        """All pages by index and by cursor, and filters, each by GET and POST."""
        step, model = self.steps.step, self.user_model

        def crowd():
            for number in range(10, 35):
                self.scim.create(model(user_name=f"crowd{number}", title=f"t{number % 3}"))

        step("many users are created", crowd)
        for name, ask in (
            ("GET", lambda request: self.scim.query(model, query_parameters=request)),
            ("POST", lambda request: self.scim.search(model, request)),
        ):

            def pages(ask=ask):
                for size in (1, 7, 100):
                    names = []
                    while True:
                        page = ask(SearchRequest[model](start_index=len(names) + 1, count=size))
                        equal(27, page.total_results)
                        names += [user.user_name for user in page.resources or []]
                        if len(page.resources or []) < size or len(names) == 27:
                            break
                    equal((27, 27), (len(names), len(set(names))))

            def cursor(ask=ask):
                names, cursor = [], ""
                while cursor is not None:
                    page = ask(SearchRequest[model](cursor=cursor, count=10))
                    names += [user.user_name for user in page.resources]
                    cursor = page.next_cursor
                equal((27, 27), (len(names), len(set(names))))

            def filtered(ask=ask):
                page = ask(
                    SearchRequest[model](
                        filter='userName sw "crowd" and not (title eq "t1")',
                        sort_by="userName",
                        sort_order="descending",
                        start_index=2,
                        count=3,
                        attributes=["userName"],
                    )
                )
                equal(16, page.total_results)
                equal(["crowd32", "crowd30", "crowd29"], [user.user_name for user in page.resources])
                equal({None}, {user.title for user in page.resources})

            step(f"all pages by {name}", pages)
            step(f"all pages by {name} and cursor", cursor)
            step(f"a filtered and sorted page by {name}", filtered)

    def groups(self):
        """Creates groups and changes their members."""
        step, model = self.steps.step, self.scim.get_resource_model("Group")

        def created():
            members = [{"value": self.barbara.id, "type": "User"}]
            group = model.model_validate({"displayName": "Tour Guides", "members": members})
            self.guides = self.scim.create(group)
            equal({self.barbara.id}, self.members())
            refused(ConflictException, lambda: self.scim.create(model(display_name="tour guides")))

        step("a group is created", created)
        boss = {"value": self.boss.id}
        for name, expected, operation in (
            ("a member is added", {self.barbara.id, self.boss.id}, {"op": "add", "path": "members", "value": [boss]}),
            (
                "a member is removed by a filter",
                {self.barbara.id},
                {"op": "remove", "path": f'members[value eq "{self.boss.id}"]'},
            ),
            ("members are replaced", {self.boss.id}, {"op": "replace", "path": "members", "value": [boss]}),
            (
                "a member is added without a path",
                {self.boss.id, self.barbara.id},
                {"op": "add", "value": {"members": [{"value": self.barbara.id}]}},
            ),
        ):

            def change(expected=expected, operation=operation):
                # A change of a group is answered without the group.
                operations = PatchOp[model](operations=[PatchOperation[model](**operation)])
                equal(None, self.scim.modify(model, self.guides.id, operations))
                equal(expected, self.members())

            step(name, change)

        def renamed():
            operation = PatchOperation[model](op="replace", path="displayName", value="Guides")
            self.scim.modify(model, self.guides.id, PatchOp[model](operations=[operation]))
            user = self.scim.query(self.user_model, self.barbara.id)
            equal([("Guides", self.guides.id)], [(group.display, group.value) for group in user.groups])

        step("a group is renamed", renamed)

        def nested():
            members = [{"value": self.guides.id, "type": "Group"}]
            outer = self.scim.create(model.model_validate({"displayName": "Everybody", "members": members}))
            equal("Group", outer.members[0].type)
            equal(None, self.scim.delete(outer))
            refused(NotFoundException, lambda: self.scim.query(model, outer.id))

        step("a group is a member of a group", nested)

    def bulk(self):
        """A bulk request with users and a group that refers to them, and one with a failing operation."""

        def together():
            request = BulkRequest[User | Group](
                operations=[
                    BulkOperation[User](method="POST", path="/Users", bulk_id="a", data=User(user_name="bulk-a")),
                    BulkOperation[User](method="POST", path="/Users", bulk_id="b", data=User(user_name="bulk-b")),
                    BulkOperation[Group](
                        method="POST",
                        path="/Groups",
                        bulk_id="g",
                        data=Group(display_name="Bulk", members=[GroupMember(type="User", value="bulkId:a")]),
                    ),
                    BulkOperation[User](method="POST", path="/Users", bulk_id="c", data=User(user_name="bulk-a")),
                ]
            )
            operations = self.scim.bulk(request).operations
            equal([201, 201, 201, 409], [operation.status for operation in operations])
            equal("uniqueness", operations[3].response.scim_type)
            group = self.stored(str(operations[2].location).removeprefix(self.base))
            equal(1, len(group["members"]))

        self.steps.step("users and a group that refers to them", together)

    def errors(self):
        """Each error is an exception of the client."""
        stranger = self.client("x" * 40)
        stranger.provider = self.scim.provider
        for name, kind, action in (
            ("an unknown id", NotFoundException, lambda: self.scim.query(self.user_model, UNKNOWN)),
            (
                "a wrong filter",
                InvalidFilterException,
                lambda: self.scim.query(
                    self.user_model, query_parameters={"filter": "userName eq"}, check_request_payload=False
                ),
            ),
            ("no target", NoTargetException, lambda: self.raw("replace", 'emails[value sw "nobody"].display', "B")),
            ("an unknown path", InvalidPathException, lambda: self.raw("replace", "shoeSize", "44")),
            ("a read-only attribute", MutabilityException, lambda: self.raw("replace", "id", "1")),
            ("an unknown token", UnauthorizedException, lambda: stranger.query(self.user_model, UNKNOWN)),
        ):
            self.steps.step(f"{name} is refused", lambda kind=kind, action=action: refused(kind, action))

    def delete(self):
        """A deleted user leaves its group, and its name is free."""

        def deleted():
            equal(None, self.scim.delete(self.user_model, self.barbara.id))
            refused(NotFoundException, lambda: self.scim.delete(self.user_model, self.barbara.id))
            equal({self.boss.id}, self.members())
            assert self.scim.create(self.user_model(user_name="bjensen")).id != self.barbara.id

        self.steps.step("a user is deleted", deleted)
        self.steps.step("a group is deleted", lambda: equal(None, self.scim.delete(Group, self.guides.id)))

    def patch(self, *operations):
        """Operations on a user."""
        model = self.user_model
        return PatchOp[model](operations=[PatchOperation[model](**operation) for operation in operations])

    def apply(self, *operations):
        """Changes the user and keeps the answer."""
        self.barbara = self.scim.modify(self.user_model, self.barbara.id, self.patch(*operations))

    def raw(self, op, path, value):
        """A patch without the client's own validation."""
        body = {"schemas": [PatchOp.__schema__], "Operations": [{"op": op, "path": path, "value": value}]}
        self.scim.modify(self.user_model, self.barbara.id, body, check_request_payload=False)

    def changed(self, name, *operations, **expected):
        """A step that changes the user: the answer and what is stored show it."""

        def change():
            self.apply(*operations)
            for attribute, value in expected.items():
                seen = getattr(self.barbara.name if attribute == "family_name" else self.barbara, attribute)
                equal(value, [email.value for email in seen] if attribute == "emails" else seen)
            equal(self.barbara, self.scim.query(self.user_model, self.barbara.id))

        self.steps.step(name, change)

    def ids(self, expression):
        """The ids of the results of a filter."""
        found = self.scim.query(self.user_model, query_parameters=SearchRequest[self.user_model](filter=expression))
        return [user.id for user in found.resources or []]

    def members(self):
        """The ids of the group's members."""
        return {member["value"] for member in self.stored(f"/Groups/{self.guides.id}").get("members", [])}


class ScimClient:
    """A day of scim-client: users only, PUT only. It requires names, e-mails and meta in a user."""

    def __init__(self, base, key, stored):
        self.base, self.stored, self.steps = base, stored, Steps()
        self.scim = SCIMClient(base, key)
        self.stranger = SCIMClient(base, "x" * 40)
        self.barbara = None

    @staticmethod
    def user(name, **more):
        """A new user. The client requires an id; the server ignores the empty one."""
        attributes = {
            "id": None,
            "external_id": f"x-{name}",
            "user_name": name,
            "active": True,
            "display_name": name.title(),
            "name": {"given_name": "Barbara", "family_name": "Jensen"},
            "emails": [{"value": f"{name}@example.com", "type": "work", "primary": True}],
        }
        return ScimClientUser(**attributes | more)

    def live(self):
        """Runs all steps from the first user to the last deletion."""
        step = self.steps.step
        step("a user is created", self.created)
        step("a taken name is a conflict", lambda: self.fails(409, lambda: self.scim.create_user(self.user("bjensen"))))
        step("a user is read", lambda: equal("bjensen", self.scim.read_user(self.barbara.id).user_name))
        step("a user is found by its name", lambda: equal([self.barbara], self.found('userName eq "BJENSEN"')))
        step("an unknown name finds nothing", lambda: equal([], self.found('userName eq "nobody"')))
        step("a user is replaced", self.replaced)
        for active in (False, True):
            step(f"active becomes {active}", lambda active=active: self.active(active))
        step("all pages", self.pages)
        step("an extension is stored and returned", self.extension)
        step("an unknown id", lambda: self.fails(404, lambda: self.scim.read_user(UNKNOWN)))
        step("a wrong filter", lambda: self.fails(400, lambda: self.scim.search_users("userName eq")))
        step("an unknown token", lambda: self.fails(401, lambda: self.stranger.read_user(self.barbara.id)))
        step("a user is deleted", self.deleted)
        return self.steps

    @staticmethod
    def fails(status, action):
        """Asserts a status. The client's errors are those of the HTTP library."""
        equal(status, refused(urllib.error.HTTPError, action).code)

    def found(self, expression):
        """The results of a filter."""
        return self.scim.search_users(expression, start_index=1).resources

    def created(self):
        """A user is created."""
        self.barbara = self.scim.create_user(self.user("bjensen"))
        equal("bjensen", self.barbara.user_name)
        equal(f"{self.base}/Users/{self.barbara.id}", self.barbara.meta["location"])
        equal("x-bjensen", self.stored(f"/Users/{self.barbara.id}")["externalId"])

    def replaced(self):
        """A user is replaced."""
        self.barbara.display_name = "Babs"
        self.barbara.timezone = "Europe/Berlin"
        seen = self.scim.update_user(self.barbara)
        equal(("Babs", "Europe/Berlin"), (seen.display_name, seen.timezone))
        equal("Babs", self.stored(f"/Users/{self.barbara.id}")["displayName"])

    def active(self, active):
        """Deactivates and reactivates a user."""
        self.barbara.active = active
        equal(active, self.scim.update_user(self.barbara).active)
        equal(active, self.stored(f"/Users/{self.barbara.id}")["active"])

    def pages(self):
        """All pages, and the first one from index 0, as the client requests it."""
        for number in range(10, 35):
            self.scim.create_user(self.user(f"crowd{number}"))
        names, start = [], 1
        while start == 1 or start <= page.total_results:
            page = self.scim.search_users("", count=7, start_index=start)
            equal((26, start), (page.total_results, page.start_index))
            names += [user.user_name for user in page.resources]
            start += 7
        equal((26, 26), (len(names), len(set(names))))
        equal((20, 1), (len(self.scim.search_users("").resources), self.scim.search_users("").start_index))

    def extension(self):
        """A user with the enterprise extension, as this client names it."""
        schemas = [ScimClientUser.CORE_SCHEMA, ENTERPRISE]
        user = self.user("ext", schemas=schemas, enterprise_user={"department": "Tours"})
        equal("Tours", self.scim.create_user(user).enterprise_user.department)

    def deleted(self):
        """A user is deleted."""
        equal(204, self.scim.delete_user(user=self.barbara).status_code)
        self.fails(404, lambda: self.scim.delete_user(user_id=self.barbara.id))
        equal([], self.found('userName eq "bjensen"'))
