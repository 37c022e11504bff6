//! `cargo run`: the local stack. Addresses and tokens go to standard output, the log to standard error.

use std::io::{self, IsTerminal, Write};
use std::process::ExitCode;

use clap::Parser;
use local::bench::Progress;
use local::cli::{Cli, Command, ListenArguments, RunArguments};
use local::cold_start;
use local::dynamo::Storage;
use local::faults::{Faults, Rule};
use local::listen::{ListenPlan, Listener, RunningStack, StackAccess};
use local::stack::{CacheSharing, Options, Services, Stack, StartError, TenantAccess};
use service::clock::{Clock, Ids};
use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::prelude::*;

/// The tenant to create without `--tenant`.
const DEMO_TENANT: &str = "acme";

#[tokio::main]
async fn main() -> ExitCode {
    let cli = Cli::parse();
    match &cli.command {
        Some(Command::Bench(_) | Command::ColdStart(_) | Command::Listen(_)) => swallow_log(),
        _ => start_log(),
    }
    let done = match cli.command {
        None => run(cli.run).await,
        Some(Command::Services(services)) => run_services(services).await,
        Some(Command::Bench(arguments)) => bench(arguments).await,
        Some(Command::ColdStart(arguments)) => cold_start(arguments).await,
        Some(Command::Listen(arguments)) => listen(*arguments).await,
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            let _ = writeln!(io::stderr(), "error: {error}");
            ExitCode::FAILURE
        }
    }
}

/// Logs to standard error. The engine warns of every failed condition; those are normal, because uniqueness relies on
/// conditions.
fn start_log() {
    let levels = Targets::new()
        .with_default(LevelFilter::INFO)
        .with_target("dynoxide", LevelFilter::ERROR);
    tracing_subscriber::registry()
        .with(
            tracing_subscriber::fmt::layer()
                .with_writer(io::stderr)
                .with_target(false)
                .with_filter(levels),
        )
        .init();
}

/// Formats the log as a function does and drops it: logging is part of a request's CPU time.
fn swallow_log() {
    tracing_subscriber::fmt()
        .json()
        .flatten_event(true)
        .with_span_list(false)
        .with_target(false)
        .with_max_level(LevelFilter::INFO)
        .with_writer(io::sink)
        .init();
}

/// Measures with data in temporary files, because it may not fit into memory.
async fn bench(arguments: local::cli::BenchArguments) -> Result<(), StartError> {
    let folder = std::env::temp_dir().join(format!("muster-bench-{}", std::process::id()));
    let storage = Storage::Folder(folder.clone());
    let plan = arguments.plan();
    let measured = tokio::task::spawn_blocking(move || {
        let progress = Progress::new(|line| {
            let _ = writeln!(io::stderr(), "{line}");
        });
        local::bench::run(&plan, &storage, &progress)
    })
    .await;
    let _ = std::fs::remove_dir_all(folder);
    let report = measured??;
    if let Some(file) = arguments.json {
        std::fs::write(file, serde_json::to_vec_pretty(&report)?)?;
    }
    local::bench::print(&report, &mut io::stdout().lock())?;
    match report.exceeded().len() {
        0 => Ok(()),
        number => Err(format!("{number} budgets were exceeded; they are named above").into()),
    }
}

/// Builds the functions and measures their starts in a temporary folder.
async fn cold_start(arguments: local::cli::ColdStart) -> Result<(), StartError> {
    let [users, hello] = cold_start::build::build()?;
    let plan = cold_start::ColdStartPlan {
        programs: [vec![users], arguments.beside, vec![hello]].concat(),
        repeat: arguments.repeat,
        warm: arguments.warm,
        memory: arguments.memory,
    };
    let folder = std::env::temp_dir().join(format!("muster-cold-start-{}", std::process::id()));
    std::fs::create_dir(&folder)?;
    let measured = cold_start::run(&plan, &folder, |line| {
        let _ = writeln!(io::stderr(), "{line}");
    })
    .await;
    let _ = std::fs::remove_dir_all(folder);
    let report = measured?;
    let sizes = plan
        .programs
        .iter()
        .map(cold_start::size)
        .collect::<io::Result<Vec<_>>>()?;
    if let Some(file) = arguments.json {
        let all = serde_json::json!({ "starts": report, "sizes": sizes });
        std::fs::write(file, serde_json::to_vec_pretty(&all)?)?;
    }
    Ok(cold_start::print(
        &report,
        &sizes,
        &mut io::stdout().lock(),
    )?)
}

/// Prints and forwards events until Ctrl-C.
async fn listen(arguments: ListenArguments) -> Result<(), StartError> {
    let (url, key, data) = (arguments.url, arguments.key, arguments.data);
    let find = move || match (&url, &key) {
        (Some(url), Some(key)) => Some(StackAccess {
            url: url.clone(),
            key: key.0.clone(),
        }),
        _ => RunningStack::read(&data),
    };
    let access = find().ok_or(
        "no stack has run with this data folder: start one with `cargo run`, or name it with --data, or with --url and --key",
    )?;
    let plan = ListenPlan {
        tenant: arguments.tenant,
        types: arguments.types,
        after: arguments.after,
        forward_to: arguments.forward_to,
        batch: arguments.batch,
        json: arguments.json,
        coloured: io::stdout().is_terminal(),
    };
    let (out, notes) = (io::stdout(), io::stderr());
    let starting = Listener::start(plan, access, Clock::system(), out, notes);
    let mut listener = starting.await?;
    tokio::select! {
        interrupted = interrupted() => Ok(interrupted?),
        ended = listener.run(find) => Ok(ended?),
    }
}

async fn run(arguments: RunArguments) -> Result<(), StartError> {
    let stack = Stack::start(Options {
        listen: arguments.listen,
        public_url: arguments.public_url,
        storage: arguments.data.storage(),
        endpoint: arguments.endpoint,
        faults: faults(arguments.faults, arguments.seed),
        caches: match arguments.at_once {
            true => CacheSharing::Shared,
            false => CacheSharing::PerFunction,
        },
        rate: arguments.rate,
        clock: Clock::system(),
        ids: Ids::system(),
    })
    .await?;
    let mut tenants = Vec::new();
    for tenant in &arguments.tenants {
        tenants.push(stack.tenant(&tenant.name, Some(&tenant.token)).await?);
    }
    if tenants.is_empty() {
        tenants.push(stack.tenant(DEMO_TENANT, None).await?);
    }
    if let Some(extensions) = &arguments.extensions {
        for TenantAccess { tenant, .. } in &tenants {
            stack.extend(tenant, extensions.clone()).await?;
        }
    }
    if let Storage::Folder(folder) = arguments.data.storage() {
        let url = format!("http://{}", stack.address);
        RunningStack::new(url, stack.admin_key.clone()).write(&folder)?;
    }
    announce(&mut io::stdout().lock(), &stack, &tenants)?;
    tokio::select! {
        interrupted = interrupted() => interrupted?,
        failed = stack.events() => match failed? {},
    }
    stack.shutdown().await;
    Ok(())
}

/// The faults of `--fault`; without any, calls reach the engine directly. A fault that ends the process aborts it without a
/// shutdown.
fn faults(rules: Vec<Rule>, seed: u64) -> Option<Faults> {
    if rules.is_empty() {
        return None;
    }
    let faults = Faults::new(Some(|| std::process::abort()));
    faults.set(rules, seed);
    Some(faults)
}

fn announce(out: &mut impl Write, stack: &Stack, tenants: &[TenantAccess]) -> io::Result<()> {
    writeln!(out, "ready http://{}", stack.address)?;
    writeln!(
        out,
        "console http://{}/console {}",
        stack.address, stack.admin_key
    )?;
    for TenantAccess {
        tenant,
        base,
        token,
    } in tenants
    {
        writeln!(out, "tenant {tenant} {base} {token}")?;
    }
    if let Some(TenantAccess { base, token, .. }) = tenants.first() {
        writeln!(
            out,
            r#"
Create a user, find it, deactivate it (the responses contain the id):

  BASE={base}
  TOKEN={token}

  curl -s "$BASE/Users" -H "Authorization: Bearer $TOKEN" -H 'Content-Type: application/scim+json' \
    -d '{{"schemas":["urn:ietf:params:scim:schemas:core:2.0:User"],"userName":"babs@example.com","active":true}}'

  curl -sG "$BASE/Users" -H "Authorization: Bearer $TOKEN" --data-urlencode 'filter=userName eq "babs@example.com"'

  curl -s -X PATCH "$BASE/Users/ID" -H "Authorization: Bearer $TOKEN" -H 'Content-Type: application/scim+json' \
    -d '{{"schemas":["urn:ietf:params:scim:api:messages:2.0:PatchOp"],"Operations":[{{"op":"replace","value":{{"active":false}}}}]}}'

Ctrl-C stops it."#
        )?;
    }
    out.flush()
}

async fn run_services(arguments: local::cli::ServicesArguments) -> Result<(), StartError> {
    let ports = (arguments.dynamodb_port, arguments.secrets_port);
    let services = Services::start(&arguments.data.storage(), None, None, ports).await?;
    let (clock, ids) = (Clock::system(), Ids::system());
    let service = local::stack::service(&services.clients, None, clock.clone(), ids.clone());
    let token = local::stack::provision(&service, &clock, &ids, DEMO_TENANT, None).await?;
    let admin_key = local::stack::admin_key(&services.clients, &ids).await?;
    let mut out = io::stdout().lock();
    for (name, value) in services.environment() {
        writeln!(out, "{name}={value}")?;
    }
    writeln!(out, "# tenant {DEMO_TENANT}, token {token}")?;
    writeln!(out, "# admin key {admin_key}")?;
    out.flush()?;
    drop(out);
    let invoke = async |function: &str, timeout, payload| {
        local::stack::events::invoke(&service, function, timeout, payload).await
    };
    tokio::select! {
        interrupted = interrupted() => interrupted?,
        failed = services.events(&clock, &invoke) => match failed? {},
    }
    services.shutdown().await;
    Ok(())
}

/// Waits for Ctrl-C or SIGTERM.
async fn interrupted() -> io::Result<()> {
    #[cfg(unix)]
    {
        let mut terminate =
            tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate())?;
        tokio::select! {
            done = tokio::signal::ctrl_c() => done,
            _ = terminate.recv() => Ok(()),
        }
    }
    #[cfg(not(unix))]
    tokio::signal::ctrl_c().await
}
