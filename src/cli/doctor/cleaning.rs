//! Throw-away users: made for a client, and gone at the end with all that was kept of them.

use reqwest::Method;
use serde_json::json;

use super::canary::memories;
use super::judge::Standing;
use super::person::{Flaw, Person, Proof};
use super::plan::Imitation;
use super::report::Findings;
use super::wire::{Wire, random_word};
use crate::admin::api::MadeUserKey;
use crate::client::{Client, ClientError};
use crate::ids::{KeyId, RequestId, TenantId, UserId};
use crate::setting::Secret;

/// Why they are erased, on record.
const REASON: &str = "memgate doctor: a throw-away user, erased after the checks";

/// Everybody who was invited, and what was made for them.
#[derive(Debug, Default)]
pub(super) struct Guests {
    people: Vec<Person>,
    keys: Vec<(KeyId, Person)>,
}

impl Guests {
    /// Two people of a client, with personal keys where it knows people by those.
    pub(super) async fn invite(&mut self, it: &Imitation, admin: &Client) -> Result<[Person; 2], ClientError> {
        let party = random_word();
        let one = self.invite_one(it, &format!("doctor-{party}-a"), admin).await?;
        let two = self.invite_one(it, &format!("doctor-{party}-b"), admin).await?;
        Ok([one, two])
    }

    async fn invite_one(&mut self, it: &Imitation, name: &str, admin: &Client) -> Result<Person, ClientError> {
        let user = guest(&it.tenant, name);
        let mut person = Person { user, client_key: it.key.clone(), proof: it.proof.clone(), user_key: None };
        if matches!(it.proof, Proof::UserKey) {
            let MadeUserKey { id, key, .. } = admin.make_user_key(&person.user, "memgate doctor").await?;
            person.user_key = Some(Secret::new(key.0.as_bytes()));
            self.keys.push((id, person.clone()));
        }
        self.people.push(person.clone());
        Ok(person)
    }

    /// Somebody whom nobody vouches for. They are seen off like the others, should they be believed.
    pub(super) fn stranger(&mut self) -> Person {
        let proof = Proof::Header { name: "x-memgate-user".to_owned(), tenant: None };
        let user = guest(&TenantId::default(), &format!("doctor-{}-x", random_word()));
        let person = Person { user, client_key: None, proof, user_key: None };
        self.people.push(person.clone());
        person
    }

    /// Erases everybody, revokes the keys, and looks whether both worked.
    pub(super) async fn see_off(self, (admin, wire): (&Client, &Wire), findings: &mut Findings) {
        let mut left = Vec::new();
        for person in &self.people {
            // A sandbox is no user: it goes by its own person's word.
            let body = json!({"confirm": "erase"});
            if wire.try_as(person, Flaw::None, &random_word()).await == Standing::Sandbox {
                let _ = wire.ask(Some(person), (&Method::POST, "/memgate/v1/me/erase"), Some(&body)).await;
            }
        }
        let (erased, receipt) = self.erase_all(admin, &mut left).await;
        for person in &self.people {
            if memories(wire, person).await.contains("canary word") {
                left.push(format!("{}: is remembered still", person.user));
            }
        }
        for (id, person) in &self.keys {
            if let Err(error) = admin.revoke_user_key(*id).await {
                left.push(format!("the key {id}: {error}"));
            } else if !matches!(
                wire.try_as(person, Flaw::None, "").await,
                Standing::Refused { .. } | Standing::Sandbox | Standing::Bypassed
            ) {
                left.push(format!("the key {id}: opens a memory still"));
            }
        }
        // Whoever asks after an erasure is there anew, with nothing.
        self.erase_all(admin, &mut left).await;
        let keys = self.keys.len();
        match (left.is_empty(), receipt) {
            (true, Some(receipt)) => {
                findings
                    .ok("cleaning", format!("{erased} throw-away user(s) erased, the last as {receipt}; {keys} key(s) revoked."));
            }
            (true, None) => findings.ok("cleaning", format!("there was nobody to erase; {keys} key(s) revoked.")),
            (false, _) => {
                let remedy = "`memgate users erase` and `memgate keys revoke` take away what is left";
                findings.fail("cleaning", format!("something is left: {}.", left.join("; ")), remedy);
            }
        }
    }

    /// Erases whoever is there. How many were, and the last receipt.
    async fn erase_all(&self, admin: &Client, left: &mut Vec<String>) -> (usize, Option<RequestId>) {
        let (mut erased, mut receipt) = (0, None);
        for person in &self.people {
            match admin.erase_user(&person.user, REASON).await {
                Ok(view) => {
                    erased += 1;
                    receipt = Some(view.receipt);
                }
                // Whoever was never let in is not there.
                Err(ClientError::Refused(problem)) if problem.status == 404 => {}
                Err(error) => left.push(format!("{}: {error}", person.user)),
            }
        }
        (erased, receipt)
    }
}

fn guest(tenant: &TenantId, name: &str) -> UserId {
    UserId::new(tenant.clone(), name).unwrap_or_else(|_| unreachable!("letters and hyphens make a name"))
}
