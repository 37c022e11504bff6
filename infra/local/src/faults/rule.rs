//! A rule gives a fault to the calls that it selects. It is written `FAULT` or `FAULT:KEY=VALUE,…`:
//!
//! | key | meaning | default |
//! |---|---|---|
//! | `on` | selects calls of this DynamoDB operation, or `read` or `write` for all reads or writes | all |
//! | `item` | selects calls whose request contains this text, such as part of a key | all |
//! | `nth` | the number of the selected call that gets the fault, from 1 | every call |
//! | `odds` | the probability that a selected call gets the fault, from 0 to 1 | 1 |
//! | `ms` | for `delay`: the delay in milliseconds | 100 |

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

/// What happens to a call.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Fault {
    /// Throttled.
    Throttle,
    /// Rejected because another transaction holds the item.
    Conflict,
    /// Rejected because another region is writing the item.
    Replicated,
    /// Fails with an internal server error.
    Internal,
    /// Answered with an empty 503, not processed.
    Empty,
    /// Answered with 502 and a gateway's HTML page, not processed.
    Page,
    /// Processed, but answered with 504 and a gateway's HTML page.
    PageAfter,
    /// Rejected because the role lacks the permission.
    Deny,
    /// Processes only a part of a batch.
    Unprocessed,
    /// Processed after this delay.
    Delay(Duration),
    /// The connection is dropped before the call is processed.
    DropBefore,
    /// The connection is dropped after the call is processed, before the response.
    DropAfter,
    /// The process ends before the call is processed.
    EndBefore,
    /// The process ends after the call is processed, before the response.
    EndAfter,
}

impl Fault {
    pub const ALL: [Self; 14] = [
        Self::Throttle,
        Self::Conflict,
        Self::Replicated,
        Self::Internal,
        Self::Empty,
        Self::Page,
        Self::PageAfter,
        Self::Deny,
        Self::Unprocessed,
        Self::Delay(Duration::from_millis(100)),
        Self::DropBefore,
        Self::DropAfter,
        Self::EndBefore,
        Self::EndAfter,
    ];

    /// The fault's name in a rule.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Throttle => "throttle",
            Self::Conflict => "conflict",
            Self::Replicated => "replicated",
            Self::Internal => "internal",
            Self::Empty => "empty",
            Self::Page => "page",
            Self::PageAfter => "page-after",
            Self::Deny => "deny",
            Self::Unprocessed => "unprocessed",
            Self::Delay(_) => "delay",
            Self::DropBefore => "drop-before",
            Self::DropAfter => "drop-after",
            Self::EndBefore => "end-before",
            Self::EndAfter => "end-after",
        }
    }
}

/// The calls that a rule selects by operation.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
enum On {
    #[default]
    All,
    Reads,
    Writes,
    Operation(String),
}

/// A fault and the calls that get it.
#[derive(Clone, PartialEq, Debug)]
pub struct Rule {
    pub(super) fault: Fault,
    on: On,
    item: Option<String>,
    nth: Option<u64>,
    odds: f64,
}

/// Whether a DynamoDB operation changes items.
pub(super) fn is_write(operation: &str) -> bool {
    matches!(
        operation,
        "PutItem" | "UpdateItem" | "DeleteItem" | "BatchWriteItem" | "TransactWriteItems"
    )
}

impl Rule {
    /// Whether the rule selects, and so counts, a call.
    pub(super) fn is_about(&self, operation: &str, body: &[u8]) -> bool {
        let is_on = match &self.on {
            On::All => true,
            On::Reads => !is_write(operation),
            On::Writes => is_write(operation),
            On::Operation(name) => name == operation,
        };
        let fits = match self.fault {
            Fault::Unprocessed => operation.starts_with("Batch"),
            Fault::Conflict => is_write(operation) && operation != "BatchWriteItem",
            // Global tables with strong consistency across regions support no transactions.
            Fault::Replicated => is_write(operation) && operation != "TransactWriteItems",
            _ => true,
        };
        let holds = |text: &String| {
            let mut windows = body.windows(text.len());
            windows.any(|part| part == text.as_bytes())
        };
        is_on && fits && self.item.as_ref().is_none_or(holds)
    }

    /// Whether the `call`-th selected call gets the fault.
    pub(super) fn strikes(&self, call: u64, chance: &mut impl FnMut() -> f64) -> bool {
        self.nth.is_none_or(|nth| nth == call) && (self.odds >= 1.0 || chance() < self.odds)
    }
}

impl FromStr for Rule {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (name, more) = text.split_once(':').unwrap_or((text, ""));
        let Some(fault) = Fault::ALL.into_iter().find(|fault| fault.name() == name) else {
            let names: Vec<_> = Fault::ALL.iter().map(|fault| fault.name()).collect();
            return Err(format!("use one of the faults {}", names.join(", ")));
        };
        let mut rule = Self {
            fault,
            on: On::All,
            item: None,
            nth: None,
            odds: 1.0,
        };
        for part in more.split(',').filter(|part| !part.is_empty()) {
            let (key, value) = part
                .split_once('=')
                .ok_or_else(|| format!("write `{part}` as KEY=VALUE"))?;
            rule.set(key, value)?;
        }
        Ok(rule)
    }
}

impl Rule {
    fn set(&mut self, key: &str, value: &str) -> Result<(), String> {
        match (key, self.fault) {
            ("on", _) => {
                self.on = match value {
                    "" => return Err("give `on` an operation, `read` or `write`".to_owned()),
                    "read" => On::Reads,
                    "write" => On::Writes,
                    name => On::Operation(name.to_owned()),
                };
            }
            ("item", _) if !value.is_empty() => self.item = Some(value.to_owned()),
            ("nth", _) => {
                let nth = value.parse().ok().filter(|nth| *nth > 0);
                self.nth = Some(nth.ok_or("`nth` must be a whole number of 1 or more")?);
            }
            ("odds", _) => {
                let odds = value.parse().ok().filter(|odds| (0.0..=1.0).contains(odds));
                self.odds = odds.ok_or("`odds` must be a number from 0 to 1")?;
            }
            ("ms", Fault::Delay(_)) => {
                let most = value.parse().map_err(|_| "`ms` must be a whole number")?;
                self.fault = Fault::Delay(Duration::from_millis(most));
            }
            _ => {
                return Err(format!(
                    "`{key}` cannot be used with `{}`",
                    self.fault.name()
                ));
            }
        }
        Ok(())
    }
}

impl fmt::Display for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let on = match &self.on {
            On::All => None,
            On::Reads => Some("read".to_owned()),
            On::Writes => Some("write".to_owned()),
            On::Operation(name) => Some(name.clone()),
        };
        let ms = match self.fault {
            Fault::Delay(most) => Some(most.as_millis().to_string()),
            _ => None,
        };
        let odds = (self.odds < 1.0).then(|| self.odds.to_string());
        let parts = [
            ("on", on),
            ("item", self.item.clone()),
            ("nth", self.nth.map(|nth| nth.to_string())),
            ("odds", odds),
            ("ms", ms),
        ];
        f.write_str(self.fault.name())?;
        let mut lead = ':';
        for (key, value) in parts {
            if let Some(value) = value {
                write!(f, "{lead}{key}={value}")?;
                lead = ',';
            }
        }
        Ok(())
    }
}
