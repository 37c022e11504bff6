//! The command line of `cargo run` and its subcommands.
//!
//! It parses and checks the arguments and reads the file of `--extensions`. No option comes from an environment variable.

use std::collections::BTreeSet;
use std::fmt;
use std::net::SocketAddr;
use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};
use delivery::outbound::{Loopback, Target};
use scim_core::Extensions;
use scim_core::event::Position;

use crate::bench::BenchPlan;
use crate::cold_start::Program;
use crate::dynamo::Storage;
use crate::faults::Rule;
use crate::listen::{ListenFrom, MOST_IN_A_BATCH};

/// Run all of Muster in one process: DynamoDB, Secrets Manager, the gateway and every function
#[derive(Debug, Parser)]
#[command(name = "local", args_conflicts_with_subcommands = true)]
pub struct Cli {
    #[command(flatten)]
    pub run: RunArguments,
    #[command(subcommand)]
    pub command: Option<Command>,
}

#[derive(Debug, Subcommand)]
pub enum Command {
    /// Start DynamoDB and Secrets Manager only, and print the environment variables for `cargo lambda watch`
    Services(ServicesArguments),
    /// Measure what each operation costs, at growing numbers of users and members
    Bench(BenchArguments),
    /// Measure how fast the function `users` starts, compared with a function that does nothing
    ColdStart(ColdStart),
    /// Print events of a running stack as they happen, and forward them as signed webhooks
    Listen(Box<ListenArguments>),
}

/// The arguments of `cargo run` without a subcommand.
#[derive(Debug, Args)]
pub struct RunArguments {
    /// Address and port of the gateway; port 0 takes any free port
    #[arg(long, value_name = "ADDR:PORT", default_value = "127.0.0.1:9000", value_parser = listen)]
    pub listen: SocketAddr,
    /// Base of the URLs in responses, for example of a tunnel; by default, the address that the client connected to
    #[arg(long, value_name = "URL", value_parser = endpoint)]
    pub public_url: Option<String>,
    #[command(flatten)]
    pub data: Data,
    /// Use the DynamoDB at this URL instead of the embedded one
    #[arg(long, value_name = "URL", value_parser = endpoint)]
    pub endpoint: Option<String>,
    /// Create this tenant and import this token; repeatable
    #[arg(long = "tenant", value_name = "NAME=TOKEN", value_parser = tenant)]
    pub tenants: Vec<ImportedTenant>,
    /// Limit each tenant to this many requests per second, averaged over ten seconds
    #[arg(long, value_name = "NUMBER")]
    pub rate: Option<u32>,
    /// Apply changes of settings and keys immediately; by default, they take up to 60 seconds, as in AWS
    #[arg(long)]
    pub at_once: bool,
    /// Make DynamoDB fail by this rule, such as `throttle:on=write,odds=0.1`; repeatable
    #[arg(long = "fault", value_name = "RULE")]
    pub faults: Vec<Rule>,
    /// Make random faults repeatable: the same seed and the same calls give the same faults
    #[arg(long, value_name = "NUMBER", default_value_t = 1)]
    pub seed: u64,
    /// Give every tenant the extension schemas in this file, a JSON array
    #[arg(long, value_name = "FILE", value_parser = extensions)]
    pub extensions: Option<Extensions>,
}

/// The arguments of `services`.
#[derive(Debug, Args)]
pub struct ServicesArguments {
    #[command(flatten)]
    pub data: Data,
    /// The loopback port of DynamoDB; 0 takes any free port
    #[arg(long, value_name = "PORT", default_value_t = 8000)]
    pub dynamodb_port: u16,
    /// The loopback port of Secrets Manager; 0 takes any free port
    #[arg(long, value_name = "PORT", default_value_t = 8001)]
    pub secrets_port: u16,
}

/// The arguments of `bench`.
#[derive(Debug, Args)]
pub struct BenchArguments {
    /// Measure at these numbers of users, each 300 or more
    #[arg(long, value_name = "NUMBERS", value_delimiter = ',', default_value = "1000,10000,100000", value_parser = page)]
    users: Vec<usize>,
    /// Also measure with 1,000,000 users
    #[arg(long)]
    million: bool,
    /// Measure at these numbers of members of a group
    #[arg(long, value_name = "NUMBERS", value_delimiter = ',', default_value = "10,10000,250000", value_parser = some)]
    members: Vec<usize>,
    /// Repeat each operation this many times
    #[arg(long, value_name = "NUMBER", default_value = "100", value_parser = some)]
    repeat: usize,
    /// Write all results into this file
    #[arg(long, value_name = "FILE")]
    pub json: Option<PathBuf>,
}

impl BenchArguments {
    /// The sizes to measure, in ascending order.
    #[must_use]
    pub fn plan(&self) -> BenchPlan {
        let sorted = |numbers: &[usize], more: Option<usize>| {
            let all: BTreeSet<usize> = numbers.iter().copied().chain(more).collect();
            all.into_iter().collect()
        };
        BenchPlan {
            users: sorted(&self.users, self.million.then_some(1_000_000)),
            members: sorted(&self.members, None),
            repeat: self.repeat,
        }
    }
}

/// The arguments of `cold-start`.
#[derive(Debug, Args)]
pub struct ColdStart {
    /// Start each program this many times at each share of a CPU
    #[arg(long, value_name = "NUMBER", default_value = "20", value_parser = some)]
    pub repeat: usize,
    /// Send each process this many events after the first
    #[arg(long, value_name = "NUMBER", default_value = "50", value_parser = some)]
    pub warm: usize,
    /// Also measure at the CPU share that Lambda gives to a function of this size
    #[arg(long, value_name = "MB", default_value = "256", value_parser = clap::value_parser!(u32).range(128..=1769))]
    pub memory: u32,
    /// Also measure another binary of `scim`, for example one built before a change; repeatable
    #[arg(long, value_name = "NAME=FILE", value_parser = program)]
    pub beside: Vec<Program>,
    /// Write all results into this file
    #[arg(long, value_name = "FILE")]
    pub json: Option<PathBuf>,
}

/// The arguments of `listen`.
#[derive(Debug, Args)]
pub struct ListenArguments {
    /// Only this tenant; by default all of them
    #[arg(long, value_name = "NAME")]
    pub tenant: Option<String>,
    /// Only events of these types and families, such as `user.*,group.created`
    #[arg(long = "type", value_name = "PATTERNS")]
    pub types: Option<String>,
    /// Begin behind this position of the tenant, 0 for the oldest event; `now` for what happens from now on
    #[arg(long, value_name = "POSITION", default_value = "now", value_parser = after)]
    pub after: ListenFrom,
    /// Send each event to this URL: `http` on this machine, or `https`
    #[arg(long, value_name = "URL", value_parser = target)]
    pub forward_to: Option<Target>,
    /// Send up to this many events of a tenant in one request
    #[arg(long, value_name = "NUMBER", default_value = "1", value_parser = batch)]
    pub batch: usize,
    /// Print each event as a line of JSON
    #[arg(long)]
    pub json: bool,
    /// The folder of the running stack's data
    #[arg(long, value_name = "DIR", default_value = ".muster")]
    pub data: PathBuf,
    /// Listen to the stack at this URL instead, for example one in AWS
    #[arg(long, value_name = "URL", value_parser = endpoint, requires = "key", conflicts_with = "data")]
    pub url: Option<String>,
    /// The admin key for `--url`; it needs the scope `events` and, without `--tenant`, `read`
    #[arg(long, value_name = "KEY", requires = "url")]
    pub key: Option<KeyArgument>,
}

/// Where DynamoDB and Secrets Manager keep their data.
#[derive(Debug, Args)]
pub struct Data {
    /// Keep the data in memory; it is lost at exit
    #[arg(long, conflicts_with = "data")]
    memory: bool,
    /// Keep the data in this folder
    #[arg(long, value_name = "DIR", default_value = ".muster")]
    data: PathBuf,
}

impl Data {
    #[must_use]
    pub fn storage(&self) -> Storage {
        if self.memory {
            Storage::Memory
        } else {
            Storage::Folder(self.data.clone())
        }
    }
}

/// A tenant to create, with the token that its customer already uses.
#[derive(Clone, PartialEq, Eq)]
pub struct ImportedTenant {
    /// The first path segment of the tenant's URLs.
    pub name: String,
    pub token: String,
}

impl fmt::Debug for ImportedTenant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tenant")
            .field("name", &self.name)
            .finish_non_exhaustive()
    }
}

/// An admin key in an argument.
#[derive(Clone, PartialEq, Eq)]
pub struct KeyArgument(pub String);

impl From<String> for KeyArgument {
    fn from(text: String) -> Self {
        Self(text)
    }
}

impl fmt::Debug for KeyArgument {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("KeyArgument").finish_non_exhaustive()
    }
}

const MAX_NAME: usize = 40;
const MIN_TOKEN: usize = 32;

fn listen(text: &str) -> Result<SocketAddr, String> {
    text.parse().map_err(|_| {
        "write an IP address and a port, for example 127.0.0.1:9000; port 0 picks a free port"
            .to_owned()
    })
}

fn some(text: &str) -> Result<usize, String> {
    let number = text.parse().ok().filter(|number| *number > 0);
    number.ok_or_else(|| "write a whole number of 1 or more".to_owned())
}

fn page(text: &str) -> Result<usize, String> {
    let number = some(text).ok().filter(|number| *number >= 300);
    number.ok_or_else(|| {
        "write a whole number of 300 or more: the benchmark reads three pages of 100".to_owned()
    })
}

fn program(text: &str) -> Result<Program, String> {
    let Some((name, path)) = text.split_once('=') else {
        return Err("write NAME=FILE".to_owned());
    };
    let path = std::path::absolute(path).map_err(|error| error.to_string())?;
    Ok(Program {
        name: name.to_owned(),
        path,
        arguments: Vec::new(),
    })
}

fn endpoint(text: &str) -> Result<String, String> {
    let usable = text.parse::<http::Uri>().ok().is_some_and(|uri| {
        matches!(uri.scheme_str(), Some("http" | "https"))
            && uri.path() == "/"
            && uri.query().is_none()
    });
    if !usable {
        return Err("write a URL without a path, for example http://localhost:8000".to_owned());
    }
    Ok(text.trim_end_matches('/').to_owned())
}

fn after(text: &str) -> Result<ListenFrom, String> {
    match text {
        "now" => Ok(ListenFrom::Now),
        _ => Position::parse(text)
            .map(ListenFrom::Position)
            .ok_or_else(|| "write the position of an event, 0 or `now`".to_owned()),
    }
}

fn batch(text: &str) -> Result<usize, String> {
    let number = some(text).ok().filter(|number| *number <= MOST_IN_A_BATCH);
    number.ok_or_else(|| format!("write a whole number from 1 to {MOST_IN_A_BATCH}"))
}

fn target(text: &str) -> Result<Target, String> {
    let target = Loopback::of_the_local_stack().target(text);
    target.map_err(|error| {
        format!("{error}; write a URL such as http://127.0.0.1:3000/webhooks, or one with https")
    })
}

fn tenant(text: &str) -> Result<ImportedTenant, String> {
    let Some((name, token)) = text.split_once('=') else {
        return Err("write NAME=TOKEN".to_owned());
    };
    check_name(name)?;
    check_token(token)?;
    Ok(ImportedTenant {
        name: name.to_owned(),
        token: token.to_owned(),
    })
}

fn extensions(path: &str) -> Result<Extensions, String> {
    let text = std::fs::read(path).map_err(|error| format!("the file cannot be read: {error}"))?;
    let json =
        serde_json::from_slice(&text).map_err(|error| format!("the file is not JSON: {error}"))?;
    Extensions::parse(&json).map_err(|faults| {
        let faults: Vec<String> = faults.list().iter().map(ToString::to_string).collect();
        faults.join("\n")
    })
}

fn check_name(name: &str) -> Result<(), String> {
    if name.is_empty() || name.len() > MAX_NAME {
        return Err(format!(
            "make the name 1 to {MAX_NAME} characters long; it has {}",
            name.chars().count()
        ));
    }
    let alphanumeric = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit();
    if let Some(other) = name.chars().find(|&c| !alphanumeric(c) && c != '-') {
        return Err(format!(
            "replace `{other}` in the name: only a-z, 0-9 and - are allowed"
        ));
    }
    if name.starts_with('-') || name.ends_with('-') {
        return Err("start and end the name with a letter or digit".to_owned());
    }
    Ok(())
}

fn check_token(token: &str) -> Result<(), String> {
    let length = token.chars().count();
    if length < MIN_TOKEN {
        return Err(format!(
            "use a token of at least {MIN_TOKEN} characters; it has {length}"
        ));
    }
    if !token.bytes().all(|b| b.is_ascii_graphic()) {
        return Err(
            "use printable ASCII characters without spaces: the token is sent in a header"
                .to_owned(),
        );
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    const TOKEN: &str = "0123456789abcdef0123456789abcdef";

    fn read(arguments: &[&str]) -> Result<Cli, String> {
        let all = std::iter::once("local").chain(arguments.iter().copied());
        Cli::try_parse_from(all).map_err(|e| e.to_string())
    }

    #[test]
    fn clap_accepts_the_definition() {
        <Cli as clap::CommandFactory>::command().debug_assert();
    }

    #[test]
    fn the_readme_has_the_options_and_no_others() {
        let page = include_str!("../README.md");
        let (of_run, of_listen) = page.split_once("\n## Listen to events").unwrap();
        let command = <Cli as clap::CommandFactory>::command();
        let listen = command.find_subcommand("listen").unwrap();
        for (text, command) in [(of_run, &command), (of_listen, listen)] {
            let rows = text.lines().filter_map(|line| line.strip_prefix("| `--"));
            let told: BTreeSet<&str> = rows
                .filter_map(|row| row.split([' ', '`']).next())
                .collect();
            let options = command.get_arguments().filter_map(clap::Arg::get_long);
            assert_eq!(told, options.collect());
        }
    }

    #[test]
    fn without_arguments_it_listens_on_9000_and_keeps_its_data() {
        let cli = read(&[]).unwrap();
        assert_eq!(cli.run.listen.to_string(), "127.0.0.1:9000");
        assert_eq!(cli.run.data.storage(), Storage::Folder(".muster".into()));
        assert!(cli.run.endpoint.is_none() && cli.run.tenants.is_empty() && cli.command.is_none());
    }

    #[test]
    fn memory_and_a_folder_exclude_each_other() {
        assert_eq!(
            read(&["--memory"]).unwrap().run.data.storage(),
            Storage::Memory
        );
        assert_eq!(
            read(&["--data", "x"]).unwrap().run.data.storage(),
            Storage::Folder("x".into())
        );
        assert!(
            read(&["--memory", "--data", "x"])
                .unwrap_err()
                .contains("cannot be used with")
        );
        assert!(
            read(&["services", "--memory", "--data", "x"])
                .unwrap_err()
                .contains("cannot be used with")
        );
    }

    #[test]
    fn tenant_can_be_repeated() {
        let cli = read(&[
            "--tenant",
            &format!("acme={TOKEN}="),
            "--tenant",
            &format!("b-2={TOKEN}"),
        ])
        .unwrap();
        let expected =
            [("acme", format!("{TOKEN}=")), ("b-2", TOKEN.to_owned())].map(|(name, token)| {
                ImportedTenant {
                    name: name.to_owned(),
                    token,
                }
            });
        assert_eq!(cli.run.tenants, expected);
    }

    #[test]
    fn a_token_is_not_in_debug_output() {
        let cli = read(&["--tenant", &format!("acme={TOKEN}")]).unwrap();
        assert!(!format!("{cli:?}").contains(TOKEN));
    }

    #[test]
    fn errors_say_what_to_change() {
        let long = "a".repeat(41);
        for (argument, value, part) in [
            ("--tenant", "acme".to_owned(), "write NAME=TOKEN"),
            (
                "--tenant",
                format!("={TOKEN}"),
                "1 to 40 characters long; it has 0",
            ),
            ("--tenant", format!("{long}={TOKEN}"), "it has 41"),
            ("--tenant", format!("Acme={TOKEN}"), "replace `A`"),
            ("--tenant", format!("a_b={TOKEN}"), "replace `_`"),
            (
                "--tenant",
                format!("a-={TOKEN}"),
                "start and end the name with a letter",
            ),
            (
                "--tenant",
                "acme=short".to_owned(),
                "at least 32 characters; it has 5",
            ),
            ("--tenant", format!("acme={TOKEN} "), "without spaces"),
            ("--listen", "9000".to_owned(), "127.0.0.1:9000"),
            (
                "--endpoint",
                "localhost:8000".to_owned(),
                "http://localhost:8000",
            ),
            (
                "--endpoint",
                "http://localhost:8000/x".to_owned(),
                "without a path",
            ),
        ] {
            let error = read(&[argument, &value]).unwrap_err();
            assert!(error.contains(part), "{argument} {value}: {error}");
        }
    }

    #[test]
    fn a_trailing_slash_is_removed_from_an_endpoint() {
        let cli = read(&[
            "--endpoint",
            "http://localhost:8000/",
            "--listen",
            "[::1]:0",
        ])
        .unwrap();
        assert_eq!(cli.run.endpoint.as_deref(), Some("http://localhost:8000"));
        assert_eq!(cli.run.listen.to_string(), "[::1]:0");
    }

    #[test]
    fn services_takes_ports_instead_of_listen() {
        let Some(Command::Services(services)) = read(&["services", "--memory"]).unwrap().command
        else {
            panic!("not services");
        };
        assert_eq!(
            (services.dynamodb_port, services.secrets_port),
            (8000, 8001)
        );
        assert_eq!(services.data.storage(), Storage::Memory);
        assert!(read(&["services", "--listen", "127.0.0.1:1"]).is_err());
        assert!(read(&["--listen", "127.0.0.1:1", "services"]).is_err());
    }

    #[test]
    fn beside_takes_a_name_and_a_binary() {
        let beside = [
            "cold-start",
            "--beside",
            "before=target/users",
            "--warm",
            "7",
        ];
        let Some(Command::ColdStart(cold)) = read(&beside).unwrap().command else {
            panic!("not cold-start");
        };
        let [before] = &cold.beside[..] else {
            panic!("{cold:?}");
        };
        assert!(before.name == "before" && before.path.is_absolute());
        assert!(before.path.ends_with("target/users") && (cold.repeat, cold.warm) == (20, 7));
        let error = read(&["cold-start", "--beside", "users"]).unwrap_err();
        assert!(error.contains("write NAME=FILE"), "{error}");
    }

    #[test]
    fn listen_begins_now_and_forwards_to_this_machine_or_by_https() {
        let listen = |arguments: &[&str]| match read(&[&["listen"], arguments].concat()) {
            Ok(Cli {
                command: Some(Command::Listen(listen)),
                ..
            }) => Ok(listen),
            Ok(other) => panic!("{other:?}"),
            Err(error) => Err(error),
        };
        let usual = listen(&[]).unwrap();
        assert_eq!((usual.after, usual.batch), (ListenFrom::Now, 1));
        assert_eq!(usual.data, PathBuf::from(".muster"));
        let from = listen(&["--after", "0", "--forward-to", "http://127.0.0.1:3000/a"]).unwrap();
        assert_eq!(from.after, ListenFrom::Position(Position::BEGINNING));
        assert_eq!(from.forward_to.unwrap().url(), "http://127.0.0.1:3000/a");
        let there = ["--url", "https://a.example.com", "--key", "s3cret"];
        let there = format!("{:?}", listen(&there).unwrap());
        assert!(!there.contains("s3cret"), "{there}");
        for (arguments, part) in [
            (&["--after", "yesterday"][..], "0 or `now`"),
            (&["--batch", "101"], "from 1 to 100"),
            (
                &["--forward-to", "http://a.example.com"],
                "begins with `https://`",
            ),
            (&["--url", "https://a.example.com"], "--key"),
        ] {
            let error = listen(arguments).unwrap_err();
            assert!(error.contains(part), "{arguments:?}: {error}");
        }
    }

    #[test]
    fn a_benchmark_sorts_its_sizes() {
        let plan = |arguments: &[&str]| match read(arguments).unwrap().command {
            Some(Command::Bench(bench)) => bench.plan(),
            other => panic!("{other:?}"),
        };
        let usual = plan(&["bench"]);
        assert_eq!(usual.users, [1_000, 10_000, 100_000]);
        assert_eq!(usual.members, [10, 10_000, 250_000]);
        let other = [
            "bench",
            "--users",
            "500,400,500",
            "--million",
            "--members",
            "7",
        ];
        assert_eq!(plan(&other).users, [400, 500, 1_000_000]);
        assert_eq!(plan(&other).members, [7]);
        for (argument, value, part) in [
            ("--users", "299", "300 or more"),
            ("--members", "0", "1 or more"),
            ("--repeat", "x", "1 or more"),
        ] {
            let error = read(&["bench", argument, value]).unwrap_err();
            assert!(error.contains(part), "{argument} {value}: {error}");
        }
    }
}
