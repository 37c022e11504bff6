package day;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.util.Objects;

/**
 * The steps of a client's day: runs each, counts them, and tells which went wrong. Beside them, what the server has
 * stored, read by plain HTTP: no client stands between.
 */
public final class Steps {
  /** What a step does. */
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

  /** Runs a step. One that fails does not end the day: the others say more about the cause. */
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

  /** Runs a step that the client has to refuse with this exception, and returns that. */
  public static <E extends Throwable> E refused(Class<E> kind, Action action) throws Exception {
    try {
      action.run();
    } catch (Exception failure) {
      if (kind.isInstance(failure)) {
        return kind.cast(failure);
      }
      throw failure;
    }
    throw new AssertionError("it was taken, " + kind.getSimpleName() + " expected");
  }

  public static void equal(Object expected, Object seen) {
    if (!Objects.equals(expected, seen)) {
      throw new AssertionError("expected " + expected + ", seen " + seen);
    }
  }

  public static void holds(boolean fact, Object seen) {
    if (!fact) {
      throw new AssertionError("seen " + seen);
    }
  }

  /** What is stored at a path below the base address. */
  public JsonNode stored(String path) throws Exception {
    HttpResponse<String> answer = get(path);
    equal(200, answer.statusCode());
    return json.readTree(answer.body());
  }

  /** The status that a path below the base address answers. */
  public int status(String path) throws Exception {
    return get(path).statusCode();
  }

  private HttpResponse<String> get(String path) throws Exception {
    HttpRequest request =
        HttpRequest.newBuilder(URI.create(base + path)).header("Authorization", "Bearer " + token).build();
    return http.send(request, HttpResponse.BodyHandlers.ofString());
  }

  /** Says how the day went, and ends the process. */
  public void end() {
    System.out.println(done - failed + " of " + done + " steps");
    System.exit(failed == 0 ? 0 : 1);
  }
}
