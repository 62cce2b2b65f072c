//! The recall set is for `cargo xtask recall`; here it is only checked to be whole.

use std::collections::{BTreeSet, HashSet};

use serde_json::Value;

fn lines(text: &str) -> Vec<Value> {
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

#[test]
fn every_question_has_its_evidence() {
    let items = lines(include_str!("recall-items.jsonl"));
    let queries = lines(include_str!("recall-queries.jsonl"));
    assert!(items.len() >= 120 && queries.len() >= 120);
    let known: HashSet<_> = items.iter().map(|item| (item["store"].as_str().unwrap(), item["id"].as_str().unwrap())).collect();
    assert_eq!(known.len(), items.len(), "an id stands twice");
    assert!(known.iter().map(|(store, _)| store).collect::<BTreeSet<_>>().len() >= 3);
    let mut asked = HashSet::new();
    for query in &queries {
        assert!(asked.insert(query["qid"].as_str().unwrap()), "{query}");
        let evidence = query["evidence"].as_array().unwrap();
        assert!(!evidence.is_empty(), "{query}");
        for id in evidence {
            assert!(known.contains(&(query["store"].as_str().unwrap(), id.as_str().unwrap())), "{query}");
        }
    }
}
