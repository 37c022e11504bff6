//! From the name in a URL to the addresses that a connection may go to.

use std::io;
use std::net::{IpAddr, SocketAddr};

use tokio::net::{TcpStream, lookup_host};
use url::Host;

use super::error::PostError;
use super::target::Target;

/// DNS and TCP.
pub(super) enum Network {
    /// Those of the machine.
    Machine,
    /// Those of a test: names with chosen addresses, which all lead to this machine.
    #[cfg(test)]
    Scripted(super::receivers::tests::Script),
}

impl Network {
    async fn look_up(&self, name: &str, port: u16) -> io::Result<Vec<IpAddr>> {
        match self {
            Self::Machine => {
                let found = lookup_host((name, port)).await?;
                Ok(found.map(|address| address.ip()).collect())
            }
            #[cfg(test)]
            Self::Scripted(script) => Ok(script.look_up(name)),
        }
    }

    /// Opens a connection to this address and no other.
    pub(super) async fn dial(&self, address: SocketAddr) -> io::Result<TcpStream> {
        match self {
            Self::Machine => TcpStream::connect(address).await,
            #[cfg(test)]
            Self::Scripted(script) => TcpStream::connect(script.way_to(address)).await,
        }
    }

    /// The addresses of a target, in the order of the machine's preference. The name is resolved here and nowhere else. One
    /// address that the target must not lead to makes all of them unusable: who controls the name would choose among them.
    ///
    /// # Errors
    ///
    /// When there is no address, or one is not permitted.
    pub(super) async fn addresses(&self, target: &Target) -> Result<Vec<SocketAddr>, PostError> {
        let port = target.port();
        let found = match target.host() {
            Host::Ipv4(address) => vec![IpAddr::V4(*address)],
            Host::Ipv6(address) => vec![IpAddr::V6(*address)],
            Host::Domain(name) => {
                let found = self.look_up(name, port).await;
                found.map_err(|_| PostError::Resolve)?
            }
        };
        if found.is_empty() {
            return Err(PostError::Resolve);
        }
        let reach = target.reach();
        match found.iter().find(|address| !reach.permits(**address)) {
            Some(address) => Err(PostError::NotPublic(*address)),
            None => Ok(found
                .into_iter()
                .map(|address| SocketAddr::new(address, port))
                .collect()),
        }
    }
}
