#!/usr/bin/env bash
# ConnId SCIM bundle 1.0.5 (net.tirasa.connid.bundles): `updateDelta` removes only the first of several values.
#
# Observed: removing the members "a", "b" and "c" of a group becomes one operation with the path
# `members[value eq "a" or value eq "a" or value eq "a"]`: one term per value, all with the first value. The server applies
# it and answers 204, and the framework reports that all three are removed; "b" and "c" are still in the group. The bundle
# builds the same path for every multi-valued attribute, such as `emails.home.value`.
# Expected: a filter with one term for each value.
# Workaround: send one change for each value to remove, or replace the attribute with all values that stay, and compare what
# is stored afterwards. A server cannot help, because the other ids are not in the request.
#
# Needs Java 17, Maven and Python 3. Installs into a temporary folder. Exit code 0: still reproducible.
set -euo pipefail

work=$(mktemp -d)
server=
trap '[ -z "$server" ] || kill "$server"; rm -rf "$work"' EXIT
cd "$work"

cat >pom.xml <<'XML'
<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion>
  <groupId>finding</groupId>
  <artifactId>finding</artifactId>
  <version>1</version>
  <dependencies>
    <dependency>
      <groupId>net.tirasa.connid.bundles</groupId>
      <artifactId>net.tirasa.connid.bundles.scim</artifactId>
      <version>1.0.5</version>
    </dependency>
    <dependency>
      <groupId>commons-logging</groupId>
      <artifactId>commons-logging</artifactId>
      <version>1.2</version>
    </dependency>
  </dependencies>
</project>
XML
mvn --batch-mode --quiet org.apache.maven.plugins:maven-dependency-plugin:3.6.1:copy-dependencies \
  -DoutputDirectory="$work/jars" -Dmaven.repo.local="$work/repository"

# A server that accepts every PATCH, answers every GET with a group, and records the operations.
cat >server.py <<'PY'
import http.server, json

class Handler(http.server.BaseHTTPRequestHandler):
    def do_PATCH(self):
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        with open("operations", "a") as seen:
            for operation in body["Operations"]:
                print(operation["op"], operation["path"], file=seen)
        self.send_response(204)
        self.end_headers()
    def do_GET(self):
        group = {"schemas": ["urn:ietf:params:scim:schemas:core:2.0:Group"], "id": "g", "displayName": "Guides"}
        body = json.dumps(group).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
    def log_message(self, *_):
        pass

server = http.server.HTTPServer(("127.0.0.1", 0), Handler)
with open("port", "w") as port:
    port.write(f"{server.server_port}\n")
server.serve_forever()
PY
python3 server.py &
server=$!
until [ -s port ]; do sleep 0.1; done

cat >Finding.java <<'JAVA'
import java.util.List;
import java.util.Set;
import net.tirasa.connid.bundles.scim.common.SCIMConnectorConfiguration;
import net.tirasa.connid.bundles.scim.v2.SCIMv2Connector;
import org.identityconnectors.framework.common.objects.AttributeDeltaBuilder;
import org.identityconnectors.framework.common.objects.ObjectClass;
import org.identityconnectors.framework.common.objects.OperationOptionsBuilder;
import org.identityconnectors.framework.common.objects.Uid;

class Finding {
  public static void main(String[] arguments) {
    SCIMConnectorConfiguration configuration = new SCIMConnectorConfiguration();
    configuration.setBaseAddress(arguments[0]);
    configuration.setBearerToken("token");
    configuration.setUpdateGroupMethod("PATCH");
    SCIMv2Connector connector = new SCIMv2Connector();
    connector.init(configuration);
    connector.updateDelta(ObjectClass.GROUP, new Uid("g"),
        Set.of(AttributeDeltaBuilder.build("members", List.of(), List.of("a", "b", "c"))),
        new OperationOptionsBuilder().build());
    System.exit(0);
  }
}
JAVA
# Without this logger the framework logs every step to standard output.
java -Dorg.identityconnectors.common.logging.class=org.identityconnectors.common.logging.impl.NoOpLogger \
  -cp "$work/jars/*" Finding.java "http://127.0.0.1:$(cat port)"
cat operations
diff operations - <<'TEXT'
remove members[value eq "a" or value eq "a" or value eq "a"]
TEXT
echo "still reproducible with ConnId SCIM bundle 1.0.5"
