//! What operators can see: metrics, the audit log, the process log. Counts, names of users in the audit log alone; never
//! message text, never a secret.

pub mod audit;
mod inert;
mod keeping;
pub mod logging;
pub mod metrics;
mod rotate;
mod series;
pub mod traces;

pub use audit::{ActRecord, AuditError, AuditFile, AuditKeeping, AuditLog, AuditRecord, AuditSettings, Clipped, LearnedRecord};
pub use inert::{inert, symbol};
pub use keeping::{Closing, KeepingMetrics};
pub use logging::{LogFile, LogSettings};
pub use metrics::{
    BalanceMetrics, BudgetMetrics, CertificateMetrics, CrossScope, EjectionCause, EmbeddingResult, Exemplar, FailoverCause,
    GateMetrics, HistoryResult, JwksFetch, KeyMetrics, KeyTestResult, LearnResult, Metrics, ModelMetrics, OpenStream,
    RecallResult, ReloadMetrics, ReloadResult, RouteLabel, SessionMetrics, SignInResult, Stage, TokenSort, TutorFact,
    TutorResult, UpstreamFault, UpstreamUse,
};
pub use series::{Point, STEP, Series};
