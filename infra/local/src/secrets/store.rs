//! Secrets, their versions and version stages. Pure: time and new ids are passed in.
//!
//! The rules are those of the Secrets Manager API reference: a stage is attached to one version at a time; the version that
//! loses `AWSCURRENT` gets `AWSPREVIOUS`; moving an attached stage requires the id of the version that holds it.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::Exception;
use input::{check_name, exists, invalid, missing, name_prefixes, required, stages, text};

mod input;

/// All secrets by name.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct SecretStore {
    secrets: BTreeMap<String, StoredSecret>,
}

/// Time and random id for the objects that an operation creates.
#[derive(Debug, Clone)]
pub struct OperationStamp {
    /// Seconds since 1970.
    pub seconds: i64,
    /// Unique, with at least eight hexadecimal digits.
    pub id: String,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct StoredSecret {
    name: String,
    arn: String,
    description: Option<String>,
    created: i64,
    changed: i64,
    versions: Vec<SecretVersion>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct SecretVersion {
    id: String,
    created: i64,
    string: Option<String>,
    binary: Option<String>,
    stages: Vec<String>,
}

const CURRENT: &str = "AWSCURRENT";
const PREVIOUS: &str = "AWSPREVIOUS";
const ARN_PREFIX: &str = "arn:aws:secretsmanager:us-east-1:000000000000:secret:";
const CANNOT_FIND: &str = "Secrets Manager can't find the specified secret";
const MAX_VALUE: usize = 65_536;
const MAX_PAGE: usize = 100;
/// The quota "Versions per secret". Beyond it, versions without a stage are removed, but never those of the last 24 hours:
/// so it also limits the changes per day.
const MAX_VERSIONS: usize = 100;
const KEPT_SECONDS: i64 = 24 * 60 * 60;
const OVER_QUOTA: &str =
    "The request failed because it would exceed one of the Secrets Manager quotas.";

type OperationResult = Result<Value, Exception>;

impl SecretStore {
    /// Runs one operation. After a failure the store may be partly changed; the caller drops it.
    ///
    /// # Errors
    /// The exception that AWS returns in the same case.
    pub fn run(
        &mut self,
        operation: &str,
        input: &Value,
        stamp: &OperationStamp,
    ) -> OperationResult {
        match operation {
            "CreateSecret" => self.create(input, stamp),
            "PutSecretValue" => self.put(input, stamp),
            "UpdateSecretVersionStage" => self.move_stage(input, stamp),
            "GetSecretValue" => self.value(input),
            "DescribeSecret" => Ok(self.find(input)?.describe("VersionIdsToStages")),
            "ListSecrets" => self.list(input),
            _ => Err(Exception::new(
                "UnknownOperationException",
                format!("the stand-in does not support `{operation}`"),
            )),
        }
    }

    fn create(&mut self, input: &Value, stamp: &OperationStamp) -> OperationResult {
        let name = required(input, "Name")?;
        check_name(name)?;
        let version = SecretVersion::read(input, stamp)?;
        if let Some(secret) = self.secrets.get(name) {
            return match version.filter(|v| secret.versions.iter().any(|known| known.same(v))) {
                Some(version) => Ok(secret.point(&version.id)),
                None => Err(exists(format!(
                    "The operation failed because the secret {name} already exists."
                ))),
            };
        }
        let suffix: String = stamp
            .id
            .chars()
            .filter(char::is_ascii_hexdigit)
            .take(6)
            .collect();
        let mut secret = StoredSecret {
            name: name.to_owned(),
            arn: format!("{ARN_PREFIX}{name}-{suffix}"),
            description: text(input, "Description").map(str::to_owned),
            created: stamp.seconds,
            changed: stamp.seconds,
            versions: Vec::new(),
        };
        let answer = match version {
            None => json!({"ARN": secret.arn, "Name": secret.name}),
            Some(version) => secret.add(version, &[CURRENT.to_owned()]),
        };
        self.secrets.insert(name.to_owned(), secret);
        Ok(answer)
    }

    fn put(&mut self, input: &Value, stamp: &OperationStamp) -> OperationResult {
        let version = SecretVersion::read(input, stamp)?
            .ok_or_else(|| invalid("Provide SecretString or SecretBinary."))?;
        let stages = stages(input)?;
        let secret = self.find_mut(input)?;
        if let Some(known) = secret.versions.iter().find(|v| v.id == version.id) {
            if known.same(&version) {
                return Ok(secret.point(&version.id));
            }
            return Err(exists(format!(
                "A version {} with another value already exists.",
                version.id
            )));
        }
        secret.forget_old_versions(stamp.seconds);
        if secret.versions.len() >= MAX_VERSIONS {
            return Err(Exception::new("LimitExceededException", OVER_QUOTA));
        }
        secret.changed = stamp.seconds;
        Ok(secret.add(version, &stages))
    }

    fn move_stage(&mut self, input: &Value, stamp: &OperationStamp) -> OperationResult {
        let stage = required(input, "VersionStage")?;
        let to = text(input, "MoveToVersionId");
        let from = text(input, "RemoveFromVersionId");
        let secret = self.find_mut(input)?;
        for id in to.iter().chain(from.iter()) {
            secret
                .version(id)
                .ok_or_else(|| missing(format!("{CANNOT_FIND} value for VersionId: {id}")))?;
        }
        let holder = secret.holder(stage).map(|v| v.id.clone());
        match (holder.as_deref(), from) {
            (Some(holder), None) if to != Some(holder) => {
                return Err(invalid(format!(
                    "The parameter RemoveFromVersionId can't be empty. Staging label {stage} is currently attached to \
                     version {holder}, so you must explicitly reference that version in RemoveFromVersionId."
                )));
            }
            (holder, Some(from)) if holder != Some(from) => {
                return Err(invalid(format!(
                    "The parameter RemoveFromVersionId can't be {from}. Staging label {stage} is not attached to it."
                )));
            }
            _ => {}
        }
        match to {
            Some(to) => secret.attach(to, stage),
            None if stage == CURRENT => {
                return Err(invalid("AWSCURRENT can be moved, not removed."));
            }
            None => secret.detach(stage),
        }
        secret.changed = stamp.seconds;
        Ok(json!({"ARN": secret.arn, "Name": secret.name}))
    }

    fn value(&self, input: &Value) -> OperationResult {
        let secret = self.find(input)?;
        let (id, stage) = (text(input, "VersionId"), text(input, "VersionStage"));
        let (found, wanted) = if let Some(id) = id {
            (secret.version(id), format!("VersionId: {id}"))
        } else {
            let stage = stage.unwrap_or(CURRENT);
            (secret.holder(stage), format!("staging label: {stage}"))
        };
        let version = found.ok_or_else(|| missing(format!("{CANNOT_FIND} value for {wanted}")))?;
        if stage.is_some_and(|stage| !version.has(stage)) {
            let reason =
                "You provided a VersionStage that is not associated to the provided VersionId.";
            return Err(Exception::new("InvalidRequestException", reason));
        }
        let mut answer = secret.point(&version.id);
        if let Some(members) = answer.as_object_mut() {
            members.insert("CreatedDate".to_owned(), json!(version.created));
            for (name, value) in [
                ("SecretString", &version.string),
                ("SecretBinary", &version.binary),
            ] {
                members.extend(value.iter().map(|v| (name.to_owned(), json!(v))));
            }
        }
        Ok(answer)
    }

    fn list(&self, input: &Value) -> OperationResult {
        let prefixes = name_prefixes(input)?;
        let wanted = |name: &str| {
            prefixes
                .iter()
                .all(|any| any.iter().any(|prefix| name.starts_with(prefix)))
        };
        let size = input
            .get("MaxResults")
            .and_then(Value::as_u64)
            .and_then(|n| usize::try_from(n).ok());
        let size = size.map_or(MAX_PAGE, |n| n.clamp(1, MAX_PAGE));
        let after = text(input, "NextToken").unwrap_or_default();
        let mut rest = self
            .secrets
            .values()
            .filter(|s| wanted(&s.name) && s.name.as_str() > after)
            .peekable();
        let page: Vec<&StoredSecret> = rest.by_ref().take(size).collect();
        let mut answer = Map::new();
        if let (Some(_), Some(last)) = (rest.peek(), page.last()) {
            answer.insert("NextToken".to_owned(), json!(last.name));
        }
        let page = page
            .iter()
            .map(|s| s.describe("SecretVersionsToStages"))
            .collect();
        answer.insert("SecretList".to_owned(), Value::Array(page));
        Ok(Value::Object(answer))
    }

    fn find(&self, input: &Value) -> Result<&StoredSecret, Exception> {
        let id = required(input, "SecretId")?;
        let found = self
            .secrets
            .get(id)
            .or_else(|| self.secrets.values().find(|s| s.arn == id));
        found.ok_or_else(|| missing(format!("{CANNOT_FIND}.")))
    }

    fn find_mut(&mut self, input: &Value) -> Result<&mut StoredSecret, Exception> {
        let name = self.find(input)?.name.clone();
        self.secrets
            .get_mut(&name)
            .ok_or_else(|| missing(format!("{CANNOT_FIND}.")))
    }
}

impl StoredSecret {
    fn version(&self, id: &str) -> Option<&SecretVersion> {
        self.versions.iter().find(|v| v.id == id)
    }

    fn holder(&self, stage: &str) -> Option<&SecretVersion> {
        self.versions.iter().find(|v| v.has(stage))
    }

    /// Adds a version. The first version of a secret is always current.
    fn add(&mut self, version: SecretVersion, stages: &[String]) -> Value {
        let id = version.id.clone();
        let first = self.versions.is_empty();
        self.versions.push(version);
        for stage in stages {
            self.attach(&id, stage);
        }
        if first {
            self.attach(&id, CURRENT);
        }
        self.point(&id)
    }

    fn attach(&mut self, id: &str, stage: &str) {
        let before = self
            .holder(stage)
            .map(|v| v.id.clone())
            .filter(|before| before != id);
        self.detach(stage);
        if let Some(version) = self.versions.iter_mut().find(|v| v.id == id) {
            version.stages.push(stage.to_owned());
        }
        if let (CURRENT, Some(before)) = (stage, before) {
            self.detach_from(id, PREVIOUS);
            self.attach(&before, PREVIOUS);
        }
    }

    fn detach(&mut self, stage: &str) {
        for version in &mut self.versions {
            version.stages.retain(|s| s != stage);
        }
    }

    fn detach_from(&mut self, id: &str, stage: &str) {
        for version in self.versions.iter_mut().filter(|v| v.id == id) {
            version.stages.retain(|s| s != stage);
        }
    }

    /// Removes old versions without a stage to make room for a new one.
    fn forget_old_versions(&mut self, now: i64) {
        let mut excess = (self.versions.len() + 1).saturating_sub(MAX_VERSIONS);
        self.versions.retain(|v| {
            let is_old = now - v.created >= KEPT_SECONDS;
            let forget = excess > 0 && is_old && v.stages.is_empty();
            excess -= usize::from(forget);
            !forget
        });
    }

    fn point(&self, id: &str) -> Value {
        let stages = self
            .version(id)
            .map(|v| v.stages.clone())
            .unwrap_or_default();
        json!({"ARN": self.arn, "Name": self.name, "VersionId": id, "VersionStages": stages})
    }

    fn describe(&self, stages: &str) -> Value {
        let in_use = self.versions.iter().filter(|v| !v.stages.is_empty());
        let in_use: Map<String, Value> = in_use.map(|v| (v.id.clone(), json!(v.stages))).collect();
        let mut answer = json!({
            "ARN": self.arn,
            "Name": self.name,
            "CreatedDate": self.created,
            "LastChangedDate": self.changed,
            stages: in_use,
        });
        if let (Some(description), Some(members)) = (&self.description, answer.as_object_mut()) {
            members.insert("Description".to_owned(), json!(description));
        }
        answer
    }
}

impl SecretVersion {
    /// The version in a request, or `None` if the request has no value.
    fn read(input: &Value, stamp: &OperationStamp) -> Result<Option<Self>, Exception> {
        let [string, binary] =
            ["SecretString", "SecretBinary"].map(|name| text(input, name).map(str::to_owned));
        if string.is_some() && binary.is_some() {
            return Err(invalid(
                "You can't specify both a binary secret value and a string secret value.",
            ));
        }
        let Some(value) = string.as_ref().or(binary.as_ref()) else {
            return Ok(None);
        };
        if value.len() > MAX_VALUE {
            let reason = format!(
                "The value has {} bytes; {MAX_VALUE} are allowed.",
                value.len()
            );
            return Err(Exception::new("ValidationException", reason));
        }
        let id = text(input, "ClientRequestToken")
            .unwrap_or(&stamp.id)
            .to_owned();
        Ok(Some(Self {
            id,
            created: stamp.seconds,
            string,
            binary,
            stages: Vec::new(),
        }))
    }

    fn has(&self, stage: &str) -> bool {
        self.stages.iter().any(|s| s == stage)
    }

    fn same(&self, other: &Self) -> bool {
        self.id == other.id && self.string == other.string && self.binary == other.binary
    }
}

#[cfg(test)]
mod tests;
