//! Two identities of one person over the admin API: merged, seen by both, undone; strangers are refused.

use serde_json::json;

use crate::admin_people::{acts, done, operate, visits};
use crate::harness::admin::guarded;
use crate::harness::request::Request;
use crate::me::{add, list};

#[tokio::test]
async fn a_merge_and_its_undoing_are_on_record_for_both() {
    let mut world = guarded(|_| {}).await;
    add(&world, "ana", &json!({"text": "I live in Bern", "slot": "city"})).await;
    add(&world, "anna", &json!({"text": "My locker opens with aardvark"})).await;
    let merge = done(&world, "POST", "/users/ana/merges", Some(json!({"from": "anna"}))).await;
    assert_eq!((&merge["facts"], &merge["from"], &merge["operator"]), (&json!(1), &json!("default:anna"), &json!("olga")));
    let question = Request::chat(&["What opens my locker?"]);
    assert!(world.forwarded(&question.clone().signed("ana")).await.mentions("aardvark"));
    assert!(
        !world.forwarded(&question.clone().signed("anna")).await.mentions("aardvark"),
        "no alias: it has a memory of its own"
    );
    assert_eq!((visits(&world, "ana").await.len(), visits(&world, "anna").await.len()), (1, 1));
    let ended = acts(&world, "users.merge").into_iter().find(|record| record["outcome"] == "done").unwrap();
    assert_eq!((&ended["user"], ended["facts_written"].as_array().unwrap().len()), (&json!("default:ana"), 1));
    assert!(acts(&world, "users.merge").iter().all(|record| record["other"] == "default:anna"));
    assert!(acts(&world, "users.merge_away").iter().all(|record| record["other"] == "default:ana"));
    world.gate.stop();
    world.gate.start();
    let listed = done(&world, "GET", "/users/ana", None).await["merges"].clone();
    assert_eq!(listed[0]["id"], merge["id"]);

    let path = |user: &str| format!("/users/{user}/merges/{}", merge["id"].as_str().unwrap());
    assert_eq!(operate(&world, "DELETE", &path("anna"), None).await.status, 404, "it is undone where it went");
    add(&world, "bert", &json!({"text": "I like tea"})).await;
    assert_eq!(operate(&world, "DELETE", &path("bert"), None).await.status, 404);
    let undone = done(&world, "DELETE", &path("ana"), None).await;
    assert!(undone["undone_at"].is_number() && undone["kept"] == 0);
    assert_eq!(list(&world, "anna", "").await[0]["text"], "My locker opens with aardvark");
    assert_eq!(list(&world, "ana", "").await.len(), 1);
    assert_eq!(done(&world, "DELETE", &path("ana"), None).await["undone_at"], undone["undone_at"], "once is enough");

    let again = done(&world, "POST", "/users/ana/merges", Some(json!({"from": "anna"}))).await;
    done(&world, "POST", "/users/anna/erasure", Some(json!({"confirm": "anna"}))).await;
    let gone = operate(&world, "DELETE", &format!("/users/ana/merges/{}", again["id"].as_str().unwrap()), None).await;
    assert_eq!((gone.status, gone.json()["code"].as_str()), (409, Some("merge_gone")));
}

#[tokio::test]
async fn strangers_sandboxes_and_oneself_are_not_merged() {
    let world = guarded(|_| {}).await;
    for user in ["ana", "acme:ana"] {
        add(&world, user, &json!({"text": "I like tea"})).await;
    }
    for (from, status) in
        [("acme:ana", 409), ("ana", 409), ("default:ana", 409), ("~sandbox:x", 400), ("invented", 404), ("", 400)]
    {
        let answer = operate(&world, "POST", "/users/ana/merges", Some(json!({"from": from}))).await;
        assert_eq!(answer.status, status, "{from}: {}", answer.text());
    }
    assert!(visits(&world, "ana").await.is_empty());
    assert_eq!(list(&world, "acme:ana", "").await.len(), 1);
}
