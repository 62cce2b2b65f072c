//! What was asked for by somebody whose it is not.

label!(
    /// What was asked for and is another's, or never was.
    CrossScope {
        Fact = "fact",
        Key = "key",
        Session = "session",
        Response = "response",
        Conversation = "conversation",
        Item = "item",
        Container = "container",
        /// A path that reaches what a backend keeps for everybody.
        Shared = "shared",
    }
);
