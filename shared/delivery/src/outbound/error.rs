//! Why a request to a receiver has no answer.

use std::fmt;
use std::io;
use std::net::IpAddr;

use tokio_rustls::rustls::{CertificateError, Error as RustlsError};

/// Why a request has no answer. An answer with a failure status is not an error here.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum PostError {
    /// The name has no address, or DNS does not answer.
    Resolve,
    /// One of the addresses of the name is not public.
    NotPublic(IpAddr),
    /// No address of the name accepts a connection.
    Connect,
    /// The connection cannot be encrypted, or does not lead to the receiver.
    Tls(TlsFault),
    /// The receiver took too long.
    Time(Step),
    /// The receiver closed the connection before its answer was complete.
    Lost,
    /// The answer is not HTTP/1.1.
    NotHttp,
    /// The answer is larger than 64 KB, or its headers are.
    TooLarge,
}

/// What a request was waiting for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Step {
    Resolve,
    Connect,
    Tls,
    Answer,
}

/// What is wrong with the encryption.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum TlsFault {
    /// The certificate has expired, or is not valid yet.
    Expired,
    /// The certificate belongs to other names.
    OtherName,
    /// No authority known to the machine has signed the certificate.
    UnknownIssuer,
    /// The certificate cannot be used for another reason.
    Certificate,
    /// There is no common version or cipher, or the receiver does not speak TLS.
    Handshake,
}

impl From<io::Error> for TlsFault {
    fn from(error: io::Error) -> Self {
        let inner = error.get_ref();
        match inner.and_then(|inner| inner.downcast_ref::<RustlsError>()) {
            Some(RustlsError::InvalidCertificate(fault)) => Self::from(fault),
            _ => Self::Handshake,
        }
    }
}

impl From<&CertificateError> for TlsFault {
    fn from(fault: &CertificateError) -> Self {
        match fault {
            CertificateError::Expired
            | CertificateError::ExpiredContext { .. }
            | CertificateError::NotValidYet
            | CertificateError::NotValidYetContext { .. } => Self::Expired,
            CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => {
                Self::OtherName
            }
            CertificateError::UnknownIssuer => Self::UnknownIssuer,
            _ => Self::Certificate,
        }
    }
}

impl From<hyper::Error> for PostError {
    fn from(error: hyper::Error) -> Self {
        if error.is_parse_too_large() {
            Self::TooLarge
        } else if error.is_parse() {
            Self::NotHttp
        } else {
            Self::Lost
        }
    }
}

impl fmt::Display for PostError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Resolve => f.write_str("the name of the receiver has no address"),
            Self::NotPublic(address) => {
                write!(
                    f,
                    "the name of the receiver leads to {address}, which is not public"
                )
            }
            Self::Connect => f.write_str("the receiver does not accept connections"),
            Self::Tls(fault) => fault.fmt(f),
            Self::Time(Step::Resolve) => f.write_str("DNS did not answer in time"),
            Self::Time(Step::Connect | Step::Tls) => {
                f.write_str("the receiver did not accept the connection in time")
            }
            Self::Time(Step::Answer) => f.write_str("the receiver did not answer in time"),
            Self::Lost => f.write_str("the receiver closed the connection before its answer"),
            Self::NotHttp => f.write_str("the receiver does not speak HTTP/1.1"),
            Self::TooLarge => f.write_str("the answer is larger than 64 KB"),
        }
    }
}

impl fmt::Display for TlsFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Expired => "the certificate of the receiver is not valid at present",
            Self::OtherName => "the certificate of the receiver belongs to another name",
            Self::UnknownIssuer => "the certificate of the receiver is from an unknown issuer",
            Self::Certificate => "the certificate of the receiver cannot be used",
            Self::Handshake => "the receiver does not accept a TLS connection",
        })
    }
}

impl std::error::Error for PostError {}
