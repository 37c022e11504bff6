#!/usr/bin/env bash
# scim-sdk-client 1.30.0 (de.captaingoldfish): PATCH does not send its If-Match version, and a plain 204 counts as a
# failure.
#
# Observed: `setETagForIfMatch` adds an If-Match header to PUT and DELETE. `PatchBuilder` inherits the method and accepts
# the version but sends no If-Match, so the change overwrites whatever was changed in between. When PATCH is answered with
# 204 and no Content-Type, as RFC 7644 §3.5.2 allows, `isSuccess()` is false; for DELETE it is true.
# Expected: the builder sends the version, and 204 is a success whatever headers it has.
# Workaround: pass the version with `sendRequest(Map.of("If-Match", version))`, which is sent. As a server, add
# `Content-Type: application/scim+json` to a 204 for PATCH; as a caller, check `getHttpStatus()`, or expect no headers with
# `setExpectedResponseHeaders(Map.of())`.
#
# Needs Java 17, Maven and Python 3. Installs into a temporary folder. Exit code 0: it is still so.
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
      <groupId>de.captaingoldfish</groupId>
      <artifactId>scim-sdk-client</artifactId>
      <version>1.30.0</version>
    </dependency>
    <dependency>
      <groupId>org.slf4j</groupId>
      <artifactId>slf4j-nop</artifactId>
      <version>2.0.17</version>
    </dependency>
  </dependencies>
</project>
XML
mvn --batch-mode --quiet org.apache.maven.plugins:maven-dependency-plugin:3.6.1:copy-dependencies \
  -DoutputDirectory="$work/jars" -Dmaven.repo.local="$work/repository"

# A server that answers 204 without a Content-Type and records the requests.
cat >server.py <<'PY'
import http.server

class Handler(http.server.BaseHTTPRequestHandler):
    def answer(self):
        self.rfile.read(int(self.headers.get("Content-Length", 0)))
        with open("requests", "a") as seen:
            print(self.command, "If-Match:", self.headers.get("If-Match"), file=seen)
        self.send_response(204)
        self.end_headers()
    do_PATCH = do_PUT = do_DELETE = answer
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
import de.captaingoldfish.scim.sdk.client.ScimClientConfig;
import de.captaingoldfish.scim.sdk.client.ScimRequestBuilder;
import de.captaingoldfish.scim.sdk.client.builder.PatchBuilder;
import de.captaingoldfish.scim.sdk.common.constants.enums.PatchOp;
import de.captaingoldfish.scim.sdk.common.resources.User;
import java.util.Map;

class Finding {
  static PatchBuilder<User> patch(ScimRequestBuilder scim) {
    return scim.patch(User.class, "/Users", "1").addOperation().op(PatchOp.REPLACE).path("title").value("Boss").build();
  }

  public static void main(String[] arguments) {
    ScimRequestBuilder scim = new ScimRequestBuilder(arguments[0], ScimClientConfig.builder().build());
    scim.update(User.class, "/Users", "1").setResource(User.builder().userName("a").build())
        .setETagForIfMatch("W/\"1\"").sendRequest();
    PatchBuilder<User> guarded = patch(scim);
    guarded.setETagForIfMatch("W/\"1\"");
    var patched = guarded.sendRequest();
    var deleted = scim.delete(User.class, "/Users", "1").setETagForIfMatch("W/\"1\"").sendRequest();
    patch(scim).sendRequest(Map.of("If-Match", "W/\"1\""));
    System.out.println("PATCH " + patched.getHttpStatus() + " success: " + patched.isSuccess());
    System.out.println("DELETE " + deleted.getHttpStatus() + " success: " + deleted.isSuccess());
    System.out.println("PATCH that expects no headers success: "
        + patch(scim).setExpectedResponseHeaders(Map.of()).sendRequest().isSuccess());
  }
}
JAVA
java -cp "$work/jars/*" Finding.java "http://127.0.0.1:$(cat port)" >seen
cat requests >>seen
cat seen
diff seen - <<'TEXT'
PATCH 204 success: false
DELETE 204 success: true
PATCH that expects no headers success: true
PUT If-Match: W/"1"
PATCH If-Match: None
DELETE If-Match: W/"1"
PATCH If-Match: W/"1"
PATCH If-Match: None
TEXT
echo "still reproducible with scim-sdk-client 1.30.0"
