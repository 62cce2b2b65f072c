//! The fixed words of labels.

label!(
    /// A stage of a request's way.
    Stage { Resolve = "resolve", Body = "body", Trim = "trim", Recall = "recall", Inject = "inject", UpstreamConnect = "upstream_connect" }
);
label!(
    /// The sort of path that was asked for.
    RouteLabel {
        Chat = "chat", Completions = "completions", Responses = "responses", Messages = "messages", CountTokens = "count_tokens",
        OllamaChat = "ollama_chat", OllamaGenerate = "ollama_generate", Models = "models", Embeddings = "embeddings", Me = "me",
        History = "history", Preflight = "preflight", Other = "other"
    }
);
label!(
    /// What a recall came to.
    RecallResult {
        Hit = "hit",
        Empty = "empty",
        Deadline = "deadline",
        Failed = "failed",
        /// Nothing was recalled on purpose: task requests, temporary chats, depth 0.
        Off = "off",
    }
);
label!(
    /// What a learning job came to.
    LearnResult {
        Learned = "learned",
        /// It could not be queued, or not be read.
        Failed = "failed",
        /// The queue was full: the job was never queued.
        Dropped = "dropped",
    }
);
label!(
    /// How an upstream failed.
    UpstreamFault {
        Connect = "connect",
        Timeout = "timeout",
        /// The answer had no end, or was an error in the form of one.
        Broken = "broken",
        /// The upstream answered 5xx.
        Status = "status",
        Other = "other",
    }
);
