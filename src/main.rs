//! Exit codes only: everything else is in the library.

fn main() -> std::process::ExitCode {
    memgate::cli::main(|config| memgate::app::run(config).map_err(Into::into))
}
