package verify;

import com.standardwebhooks.Webhook;
import com.standardwebhooks.exceptions.WebhookVerificationException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import software.amazon.event.ruler.Ruler;

/** Verifies every delivery of a folder, and matches the patterns in it with the single events. */
public final class Verify {
  public static void main(String[] arguments) throws Exception {
    Webhook webhook = new Webhook(arguments[0]);
    Path folder = Path.of(arguments[1]);
    List<String> events = new ArrayList<>();
    int verified = 0;
    for (Path path : of(folder, ".body")) {
      String body = Files.readString(path);
      Map<String, List<String>> headers = new TreeMap<>();
      for (String line : Files.readAllLines(Path.of(path.toString().replace(".body", ".headers")))) {
        String[] parts = line.split(": ", 2);
        headers.put(parts[0], List.of(parts[1]));
      }
      webhook.verify(body, headers);
      boolean accepted = true;
      try {
        webhook.verify(body + " ", headers);
      } catch (WebhookVerificationException rejected) {
        accepted = false;
      }
      require(!accepted, "a changed body was accepted");
      verified++;
      if (!body.startsWith("{\"type\":\"events\"")) {
        events.add(body);
      }
    }
    List<Path> patterns = of(folder, ".pattern");
    require(!patterns.isEmpty(), "there are no patterns");
    for (Path path : patterns) {
      String pattern = Files.readString(path);
      int matches = 0;
      for (String event : events) {
        matches += Ruler.matchesRule(event, pattern) ? 1 : 0;
      }
      require(matches > 0 && matches < events.size(), matches + " events match " + pattern);
    }
    System.out.println(verified + " deliveries, " + patterns.size() + " patterns");
  }

  private static List<Path> of(Path folder, String ending) throws Exception {
    try (var found = Files.list(folder)) {
      return found.filter(path -> path.toString().endsWith(ending)).sorted().toList();
    }
  }

  private static void require(boolean holds, String otherwise) {
    if (!holds) {
      throw new AssertionError(otherwise);
    }
  }
}
