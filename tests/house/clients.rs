//! Who opens connections: the AWS clients, and one module for receivers of events. Everything else answers requests.

use serde_json::{Value, json};

use super::crates::{Member, members_of, metadata, package};
use super::source::{self, Source};
use super::{is_under, must_be_none, must_see, used_outside};

/// The packages that open connections, by the start of their names.
const CLIENTS: [&str; 18] = [
    "aws-config",
    "aws-sdk-",
    "aws-smithy-http-client",
    "attohttpc",
    "curl",
    "h2",
    "h3",
    "hickory-",
    "hyper",
    "isahc",
    "native-tls",
    "quinn",
    "reqwest",
    "rustls",
    "socket2",
    "surf",
    "tokio-rustls",
    "ureq",
];
/// The members that may depend on them; `tokio/net` stands for that feature. The stand-ins of AWS and the tests may
/// depend on all.
const MEMBERS: [(&str, &[&str]); 3] = [
    (
        "shared/keyring",
        &["aws-smithy-http-client", "aws-sdk-secretsmanager"],
    ),
    ("shared/directory", &["aws-sdk-dynamodb"]),
    (
        "shared/delivery",
        &[
            "hyper",
            "hyper-util",
            "rustls-native-certs",
            "tokio-rustls",
            "tokio/net",
        ],
    ),
];
const FREE: [&str; 3] = ["infra/local", "tests", "tests/fuzz"];
/// The folder in which connections to receivers are opened.
const OUTBOUND: &str = "shared/delivery/src/outbound";

/// Members with a client that they may not have.
fn dependencies(members: &[Member]) -> Vec<String> {
    let mut broken = Vec::new();
    let bound = members.iter();
    for member in bound.filter(|member| !FREE.contains(&member.folder.as_str())) {
        let known = MEMBERS.iter().find(|(folder, _)| *folder == member.folder);
        let allowed = known.map_or(&[][..], |(_, allowed)| *allowed);
        for client in member.clients(&CLIENTS) {
            if !allowed.contains(&client.as_str()) {
                broken.push(format!("{}/Cargo.toml: {client}", member.folder));
            }
        }
    }
    broken
}

#[test]
fn crates_depend_on_clients_as_the_table_says() {
    must_be_none(
        &dependencies(&members_of(&metadata())),
        "requests to receivers go through delivery::outbound, which checks where they go; AWS is known to keyring and directory",
    );
    let with_net = |name: &str| {
        let mut tokio = package("a", name, &[("tokio", "")]);
        tokio["dependencies"][0]["features"] = json!(["time", "net"]);
        tokio
    };
    let planted: Value = json!({"workspace_root": "/w", "packages": [
        package("service", "shared/service", &[("reqwest", ""), ("http", ""), ("hyper", "dev")]),
        package("directory", "shared/directory", &[("aws-sdk-dynamodb", ""), ("aws-sdk-sns", "")]),
        with_net("shared/vendor"),
        with_net("shared/delivery"),
        package("local", "infra/local", &[("hyper-util", "")]),
    ]});
    assert_eq!(
        dependencies(&members_of(&planted)),
        [
            "shared/service/Cargo.toml: reqwest",
            "shared/directory/Cargo.toml: aws-sdk-sns",
            "shared/vendor/Cargo.toml: tokio/net",
        ]
    );
}

/// Places that open connections, or name what opens them.
fn connections(sources: &[Source]) -> Vec<String> {
    let words = [
        "TcpStream",
        "TcpSocket",
        "UdpSocket",
        "UnixStream",
        "ToSocketAddrs",
        "lookup_host",
        "hyper::",
        "hyper_util::",
        "hyper_rustls::",
        "tokio_rustls::",
        "rustls::",
        "reqwest::",
        // Permits connections to this machine.
        "Loopback",
    ];
    let allowed = [OUTBOUND, "infra/local/", "tests/"];
    let mut found = used_outside(sources, &words, &allowed);
    // The AWS clients share one HTTP client.
    let of_aws = [&allowed[..], &["shared/keyring/src/aws"]].concat();
    found.extend(used_outside(sources, &["aws_smithy_http_client"], &of_aws));
    for source in sources.iter().filter(|source| !is_under(source, &allowed)) {
        let nets = source.imports().into_iter().filter(|import| {
            let path: Vec<&str> = import.path.iter().map(String::as_str).collect();
            let is_whole = matches!(
                path[..],
                ["std" | "tokio", "net"] | ["std" | "tokio", "net", "*"]
            );
            is_whole
                || matches!(
                    path[..],
                    ["hyper" | "hyper_util" | "reqwest" | "rustls" | "tokio_rustls"]
                )
        });
        found.extend(
            nets.map(|import| format!("{}: {}", source.place(import.at), import.path.join("::"))),
        );
    }
    found
}

#[test]
fn connections_are_opened_in_the_modules_for_it_only() {
    must_be_none(
        &connections(source::products()),
        "send it with delivery::outbound, which checks where it goes",
    );
    let at = "shared/service/src/a.rs";
    let planted = [
        "fn f() { tokio::net::TcpStream::connect(a); }\n",
        "use std::net::{IpAddr, TcpStream};\n",
        "use std::{fmt, net};\n",
        "use tokio::net::*;\n",
        "use hyper::client::conn;\n",
        "use hyper as h;\n",
        "fn f() { tokio_rustls::TlsConnector::from(a); }\n",
        "fn f() { aws_smithy_http_client::Builder::new(); }\n",
    ];
    let mut broken = planted.map(|code| (at, code)).to_vec();
    broken.push(("shared/delivery/src/signature.rs", "use hyper::client;\n"));
    broken.push((at, "use delivery::outbound::{Loopback, Target};\n"));
    let inside = format!("{OUTBOUND}/connect.rs");
    must_see(
        connections,
        &broken,
        &[
            (at, "use std::net::IpAddr;\nuse http::Request;\n"),
            (at, "// TcpStream\nconst A: &str = \"TcpStream\";\n"),
            (&inside, "use tokio::net::TcpStream;\n"),
            ("infra/local/src/a.rs", "use hyper::server;\n"),
            (
                "shared/keyring/src/aws.rs",
                "use aws_smithy_http_client::Builder;\n",
            ),
        ],
    );
}
