package day;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.util.Objects;

/**
 * Runs and counts the steps of a client's day and reports failures. Also reads what the server has stored by plain
 * HTTP, without a SCIM client in between.
 */
public final class Steps {
  /** The action of a step. */
  @FunctionalInterface
  public interface Action {
    void run() throws Exception;
  }

  private final String base;
  private final String token;
  private final HttpClient http = HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();
  private final ObjectMapper json = new ObjectMapper();
  private int done;
  private int failed;

  public Steps(String base, String token) {
    this.base = base;
    this.token = token;
  }

  /** Runs a step. A failure does not end the day: later steps help to find the cause. */
  public void step(String name, Action action) {
    done++;
    try {
      action.run();
    } catch (Exception | AssertionError failure) {
      failed++;
      System.out.println("FAILED " + name);
      failure.printStackTrace(System.out);
    }
  }

  /** Runs an action that must throw this exception, and returns the exception. */
  public static <E extends Throwable> E refused(Class<E> kind, Action action) throws Exception {
    try {
      action.run();
    } catch (Exception failure) {
      if (kind.isInstance(failure)) {
        return kind.cast(failure);
      }
      throw failure;
    }
    throw new AssertionError("no error, " + kind.getSimpleName() + " expected");
  }

  public static void equal(Object expected, Object seen) {
    if (!Objects.equals(expected, seen)) {
      throw new AssertionError("expected " + expected + ", got " + seen);
    }
  }

  public static void holds(boolean fact, Object seen) {
    if (!fact) {
      throw new AssertionError("got " + seen);
    }
  }

  /** The resource at a path below the base URL. */
  public JsonNode stored(String path) throws Exception {
    HttpResponse<String> answer = get(path);
    equal(200, answer.statusCode());
    return json.readTree(answer.body());
  }

  /** The status of a GET at a path below the base URL. */
  public int status(String path) throws Exception {
    return get(path).statusCode();
  }

  private HttpResponse<String> get(String path) throws Exception {
    HttpRequest request =
        HttpRequest.newBuilder(URI.create(base + path)).header("Authorization", "Bearer " + token).build();
    return http.send(request, HttpResponse.BodyHandlers.ofString());
  }

  /** Prints the sum and ends the process. */
  public void end() {
    System.out.println(done - failed + " of " + done + " steps");
    System.exit(failed == 0 ? 0 : 1);
  }
}
