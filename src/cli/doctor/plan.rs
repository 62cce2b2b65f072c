//! Which clients can be imitated, and by what.

use super::person::Proof;
use crate::config::{Config, ConfigFile};
use crate::identity::{Plan, SigningKey, Source, SourceFile};
use crate::ids::TenantId;
use crate::policy::{ClientFile, MemoryAccess, TrustMode};
use crate::setting::{Faults, Secret, SecretRef};

/// What is needed to ask as a client.
#[derive(Debug, Clone)]
pub(super) struct Imitation {
    pub client: String,
    pub mode: TrustMode,
    pub key: Option<Secret>,
    pub proof: Proof,
    pub tenant: TenantId,
    /// Why nothing would be learned; the setting's path and value.
    pub unremembered: Option<(String, MemoryAccess)>,
}

/// Each client with what is needed to imitate it, or why that cannot be; at last whoever is no client's, with personal keys.
pub(super) fn plan(file: &ConfigFile, config: &Config) -> Vec<(String, Result<Imitation, String>)> {
    let clients = file.clients.iter().enumerate().map(|(i, client)| (client.name.clone(), imitate(i, client, file, config)));
    let unknown = Imitation {
        client: "unknown".to_owned(),
        mode: config.trust.mode,
        key: None,
        proof: Proof::UserKey,
        tenant: TenantId::default(),
        unremembered: None,
    };
    clients.chain([("unknown".to_owned(), Ok(unknown))]).collect()
}

fn imitate(index: usize, client: &ClientFile, file: &ConfigFile, config: &Config) -> Result<Imitation, String> {
    let key = match client.key.as_ref().or(client.keys.first()) {
        Some(key) => Some(read(key).ok_or("its key cannot be read here")?),
        None if !client.certificates.is_empty() => {
            return Err("it proves itself by a certificate, whose key is not memgate's to have".to_owned());
        }
        None => None,
    };
    let proof = client.identity.iter().find_map(|source| proof_of(source, file).transpose());
    let proof = proof.ok_or("it names nobody")??;
    let tenant = client.tenant.as_deref().and_then(|name| TenantId::parse(name).ok()).unwrap_or_default();
    let mode = client.mode.unwrap_or(config.trust.mode);
    let own = config.trust.tenant(&tenant).and_then(|tenant| tenant.mode);
    let mode = own.filter(|own| mode.is_laxer_than(*own)).unwrap_or(mode);
    let limited = client.memory != MemoryAccess::ReadWrite;
    let unremembered = limited.then(|| (format!("clients[{index}].memory"), client.memory));
    Ok(Imitation { client: client.name.clone(), mode, key, proof, tenant, unremembered })
}

/// A proof of a source that can be made from the configuration. None: the source names nobody.
fn proof_of(source: &SourceFile, file: &ConfigFile) -> Result<Option<Proof>, String> {
    let mut plan = Plan::default();
    source.resolve("identity", &mut plan, &mut Faults::default());
    let Some(first) = plan.sources.into_iter().next() else { return Ok(None) };
    Ok(Some(match first {
        Source::UserKey => Proof::UserKey,
        Source::Header(header) => {
            Proof::Header { name: header.name.to_string(), tenant: header.tenant.map(|name| name.to_string()) }
        }
        Source::OpenWebuiJwt(jwt) => {
            let SourceFile::OpenWebui(written) = source else { return Err("its token's secret is not known".to_owned()) };
            let secret = written.secret.as_ref().or(written.secrets.first()).and_then(read);
            Proof::OpenWebuiJwt {
                header: jwt.header.to_string(),
                secret: secret.ok_or("its token's secret cannot be read here")?,
            }
        }
        Source::MemgateSignature => Proof::Signature(signing_key(file)?),
        Source::HttpSignature(signature) if signature.tag.is_some() || signature.user != "x-memgate-user" => {
            return Err("its HTTP message signatures have a tag or a header of their own".to_owned());
        }
        Source::HttpSignature(_) => Proof::MessageSignature(signing_key(file)?),
        Source::Jwt(_) => return Err("its tokens are an issuer's, whose key is not memgate's to have".to_owned()),
    }))
}

fn signing_key(file: &ConfigFile) -> Result<SigningKey, String> {
    let key = file.trust.signing_keys.first().ok_or("there is no signing key")?;
    let secret = read(&key.secret).ok_or("the signing key cannot be read here")?;
    Ok(SigningKey { id: key.id.as_str().into(), secret })
}

fn read(secret: &SecretRef) -> Option<Secret> {
    secret.resolve("secret", &mut Faults::default())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn planned(clients: &str) -> Vec<String> {
        let dir = tempfile::tempdir().unwrap();
        let secret = dir.path().join("secret");
        std::fs::write(&secret, "0123456789abcdef0123456789abcdef").unwrap();
        std::fs::write(dir.path().join("key"), "a-client-key-of-the-doctor").unwrap();
        let here = dir.path().display().to_string();
        let text = format!(
            "{{trust: {{signing_keys: [{{id: k1, secret: {{file: $DIR/secret}}}}]}}, upstreams: [{{name: demo, builtin: demo}}], \
             tenants: [{{name: acme, mode: strict}}], clients: [{clients}]}}"
        );
        let path = dir.path().join("proxy.yaml");
        std::fs::write(&path, text.replace("$DIR", &here)).unwrap();
        let file = crate::config::read_shape(&path).0.unwrap();
        let config = crate::config::load(&path).unwrap();
        let tell = |(name, planned): (String, Result<Imitation, String>)| match planned {
            Ok(it) => {
                let unremembered =
                    it.unremembered.map_or_else(String::new, |(path, access)| format!(", {path} {}", access.as_str()));
                let key = if it.key.is_some() { "key, " } else { "" };
                format!("{name}: {key}{}, {}, {}{unremembered}", it.proof.describe(), it.mode.as_str(), it.tenant.as_str())
            }
            Err(why) => format!("{name}: {why}"),
        };
        plan(&file, &config).into_iter().map(tell).collect()
    }

    #[test]
    fn clients_are_imitated_by_what_the_configuration_knows() {
        let unknown = "unknown: a personal key, required, default";
        for (client, expected) in [
            ("{name: a, key: {file: $DIR/key}, identity: [{header: x-who}]}", "a: key, a plain header, required, default"),
            ("{name: a, identity: [sillytavern], memory: read}", "a: a personal key, required, default, clients[0].memory read"),
            (
                "{name: a, key: {file: $DIR/key}, identity: [librechat], mode: legacy, tenant: acme}",
                "a: key, a plain header, strict, acme",
            ),
            (
                "{name: a, identity: [{open_webui: {secret: {file: $DIR/secret}}}], mode: strict}",
                "a: Open WebUI's token, strict, default",
            ),
            ("{name: a, identity: [memgate_signature]}", "a: memgate's signature, required, default"),
            ("{name: a, identity: [{http_signature: {}}]}", "a: an HTTP message signature, required, default"),
            (
                "{name: a, identity: [{http_signature: {tag: x}}]}",
                "a: its HTTP message signatures have a tag or a header of their own",
            ),
            ("{name: a, identity: [ai_optimizer]}", "a: it names nobody"),
            ("{name: a, identity: [ai_optimizer, user_key]}", "a: a personal key, required, default"),
            (
                "{name: a, identity: [{cloudflare_access: {team: acme, audience: [x]}}]}",
                "a: its tokens are an issuer's, whose key is not memgate's to have",
            ),
        ] {
            let planned = planned(client);
            assert_eq!(planned.iter().map(String::as_str).collect::<Vec<_>>(), [expected, unknown], "{client}");
        }
    }
}
