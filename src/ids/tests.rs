//! Identifiers as they are parsed, and what is none.

use super::*;

#[test]
fn users_are_divided_at_the_first_colon() {
    let user = UserId::parse("acme:a:b").unwrap();
    assert_eq!((user.tenant().as_str(), user.name()), ("acme", "a:b"));
    assert_eq!(UserId::parse("alice").unwrap().to_string(), "default:alice");
    let home = TenantId::parse("acme").unwrap();
    assert_eq!(UserId::parse_at("alice", &home).unwrap().to_string(), "acme:alice");
    assert_eq!(UserId::parse_at("default:alice", &home).unwrap(), UserId::parse("alice").unwrap());
    assert_eq!(user.moved_to(TenantId::default()).to_string(), "default:a:b");
}

#[test]
fn encodings_never_collide() {
    let tenant = |t| TenantId::parse(t).unwrap();
    let a = UserId::new(tenant("ab"), "c").unwrap();
    let b = UserId::new(tenant("a"), "bc").unwrap();
    assert_ne!(a.encode(), b.encode());
}

#[test]
fn hidden_and_hostile_names_are_refused() {
    for bad in ["", " alice", "alice\n", "al\u{200b}ice", "\u{202e}ecila", "{{USER_ID}}", "~sandbox:x", "A:b", ":b", "a:"] {
        assert!(UserId::parse(bad).is_err(), "{bad:?}");
    }
    assert!(UserId::parse(&"x".repeat(MAX_NAME + 1)).is_err());
    assert!(UserId::parse("Alice Ω Müller").is_ok());
}

#[test]
fn sessions_hold_no_path() {
    for bad in ["", ".", "..", "a/b", "a\\b", "a b", "é"] {
        assert!(SessionId::parse(bad).is_err(), "{bad:?}");
    }
    assert!(SessionId::parse("temporary:abc").is_ok());
}
