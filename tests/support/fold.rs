//! The members of groups as the change feed sees them: from the images of each group in the stream, one after the other,
//! without an edge. [`super::table`] compares them with the edges.

use std::collections::{BTreeMap, BTreeSet};

use data_encoding::BASE64;
use directory::keys::attribute::{delta, resource};
use directory::keys::{self, Partition};
use keyring::TenantId;
use local::template::Mapping;
use scim_core::{ResourceId, ResourceKind};
use serde_json::Value;

use super::Target;
use super::stream::{mapping, records_by};

/// The members of every group that exists, folded from the stream.
pub struct Folded {
    pub members: BTreeMap<ResourceId, BTreeSet<ResourceId>>,
    /// What the images lack or contradict.
    pub faults: Vec<String>,
}

impl Folded {
    /// Folds the whole stream; `None` if the table is in another DynamoDB, whose stream is not at hand.
    pub async fn of(target: &Target, tenant: &TenantId) -> Option<Self> {
        let every = Mapping {
            patterns: Vec::new(),
            batch_size: 1_000,
            ..mapping()
        };
        let mut folded = Self {
            members: BTreeMap::new(),
            faults: Vec::new(),
        };
        let mut lists: BTreeMap<String, Vec<u8>> = BTreeMap::new();
        let groups = keys::resources(tenant, ResourceKind::Group);
        let users = keys::resources(tenant, ResourceKind::User);
        for record in records_by(target, every).await? {
            let change = &record["dynamodb"];
            let pk = change["Keys"]["pk"]["S"].as_str().expect("a key");
            let sk = change["Keys"]["sk"]["S"].as_str().expect("a key");
            let (old, new) = (&change["OldImage"], &change["NewImage"]);
            if pk == Partition::Delta.of(tenant) && !new.is_null() {
                let list = bytes(new, delta::MEMBERS).expect("a list has members");
                lists.insert(sk.to_owned(), list);
            } else if pk == groups || pk == users {
                folded.check_author(pk, sk, new);
                if pk == groups {
                    let id = ResourceId::parse(sk).expect("an id");
                    folded.fold(id, old, new, &lists);
                }
            }
        }
        Some(folded)
    }

    fn check_author(&mut self, pk: &str, sk: &str, new: &Value) {
        let author = new[resource::AUTHOR]["S"].as_str();
        if !new.is_null() && author.is_none_or(str::is_empty) {
            self.faults.push(format!("{pk} {sk} names no author"));
        }
    }

    fn fold(
        &mut self,
        id: ResourceId,
        old: &Value,
        new: &Value,
        lists: &BTreeMap<String, Vec<u8>>,
    ) {
        if new.is_null() {
            self.members.remove(&id);
            return;
        }
        let version = |image: &Value| image[resource::VERSION]["N"].as_str().map(str::to_owned);
        if version(old) == version(new) {
            return;
        }
        let write = new[resource::WRITE]["S"].as_str().expect("a write");
        let Some(delta) = bytes(new, resource::DELTA) else {
            self.faults.push(format!(
                "a version of the group {id} does not say who joined"
            ));
            return;
        };
        let (stamp, rest) = delta.split_at(8);
        if stamp != &write.as_bytes()[..8] {
            self.faults.push(format!(
                "the members of the group {id} are those of an older version"
            ));
        }
        let members = self.members.entry(id).or_default();
        let mut change = |written: &[u8]| {
            for member in written.chunks(17) {
                let who = ResourceId::from_bytes(member[1..].try_into().expect("16 bytes"));
                match member[0] & 1 {
                    0 => members.insert(who),
                    _ => members.remove(&who),
                };
            }
        };
        match <[u8; 2]>::try_from(rest) {
            Err(_) => change(rest),
            Ok(number) => {
                for number in 0..u16::from_be_bytes(number) {
                    let key = format!("{id}#{write}#{number:03}");
                    match lists.get(&key) {
                        Some(list) => change(list),
                        None => self.faults.push(format!("the list {key} does not exist")),
                    }
                }
            }
        }
    }
}

/// An attribute of bytes.
fn bytes(image: &Value, name: &str) -> Option<Vec<u8>> {
    let text = image[name]["B"].as_str()?;
    Some(BASE64.decode(text.as_bytes()).expect("base64"))
}
