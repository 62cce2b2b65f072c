//! What must not compile: each case is a way around `enforce::admit` that the types close.

#[test]
fn a_scope_comes_from_enforce_alone() {
    trybuild::TestCases::new().compile_fail("tests/compile_fail/*.rs");
}
