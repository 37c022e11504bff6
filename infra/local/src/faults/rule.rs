//! A rule: which calls it strikes, and how. Written `FAULT` or `FAULT:KEY=VALUE,…`:
//!
//! | key | the rule strikes | default |
//! |---|---|---|
//! | `on` | calls of this DynamoDB operation, or all that `read` or `write` | all |
//! | `item` | calls whose request contains this text, such as part of a key | all |
//! | `nth` | the n-th of these calls only, from 1 | each |
//! | `odds` | a call with this probability, from 0 to 1 | 1 |
//! | `ms` | (of `delay`) how long it takes | 100 |

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

/// What becomes of a call.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Fault {
    /// Refused for too much traffic.
    Throttle,
    /// Refused because another transaction is at the same items.
    Conflict,
    /// Refused because a writer in another region is at the same item.
    Replicated,
    /// Failed inside.
    Internal,
    /// Answered 503 without a body, and not done.
    Empty,
    /// Answered 502 with the page of a gateway, and not done.
    Page,
    /// Answered 504 with the page of a gateway, and done.
    PageAfter,
    /// Refused because the role lacks the permission.
    Deny,
    /// Of a batch only a part is done.
    Unprocessed,
    /// Answered later.
    Delay(Duration),
    /// The connection is dropped before anything is done.
    DropBefore,
    /// The connection is dropped after everything is done.
    DropAfter,
    /// The process ends before anything is done.
    EndBefore,
    /// The process ends after everything is done.
    EndAfter,
}

impl Fault {
    /// All of them.
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

    /// Its name in a rule.
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

/// The calls that a rule is about.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
enum On {
    #[default]
    All,
    Reads,
    Writes,
    Operation(String),
}

/// Which calls are struck, and how.
#[derive(Clone, PartialEq, Debug)]
pub struct Rule {
    pub(super) fault: Fault,
    on: On,
    item: Option<String>,
    nth: Option<u64>,
    odds: f64,
}

/// Whether an operation of DynamoDB changes items.
pub(super) fn is_write(operation: &str) -> bool {
    matches!(
        operation,
        "PutItem" | "UpdateItem" | "DeleteItem" | "BatchWriteItem" | "TransactWriteItems"
    )
}

impl Rule {
    /// Whether the rule counts a call.
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
            // Tables whose regions agree on each write take no transactions.
            Fault::Replicated => is_write(operation) && operation != "TransactWriteItems",
            _ => true,
        };
        let holds = |text: &String| {
            let mut windows = body.windows(text.len());
            windows.any(|part| part == text.as_bytes())
        };
        is_on && fits && self.item.as_ref().is_none_or(holds)
    }

    /// Whether the rule strikes the `call`-th of its calls.
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
            return Err(format!("name one of the faults {}", names.join(", ")));
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
                    "" => return Err("name an operation, or `read` or `write`".to_owned()),
                    "read" => On::Reads,
                    "write" => On::Writes,
                    name => On::Operation(name.to_owned()),
                };
            }
            ("item", _) if !value.is_empty() => self.item = Some(value.to_owned()),
            ("nth", _) => {
                let nth = value.parse().ok().filter(|nth| *nth > 0);
                self.nth = Some(nth.ok_or("`nth` is a whole number from 1")?);
            }
            ("odds", _) => {
                let odds = value.parse().ok().filter(|odds| (0.0..=1.0).contains(odds));
                self.odds = odds.ok_or("`odds` is a number from 0 to 1")?;
            }
            ("ms", Fault::Delay(_)) => {
                let most = value.parse().map_err(|_| "`ms` is a whole number")?;
                self.fault = Fault::Delay(Duration::from_millis(most));
            }
            _ => return Err(format!("there is no `{key}` with `{}`", self.fault.name())),
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
