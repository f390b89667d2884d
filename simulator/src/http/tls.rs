//! HTTPS: whose certificate is shown, and which versions of HTTP are offered in the handshake.

use std::fmt;
use std::sync::Arc;

use rcgen::{CertificateParams, DistinguishedName, DnType, KeyPair};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::crypto::aws_lc_rs::default_provider;
use tokio_rustls::rustls::pki_types::pem::{Error as PemError, PemObject as _};
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};

/// A certificate chain and its key, for a vendor that speaks HTTPS: HTTP/2 and HTTP/1.1 by ALPN, TLS 1.2 and 1.3.
#[derive(Clone)]
pub struct Tls {
    config: Arc<ServerConfig>,
    certificate_pem: String,
}

/// Why a certificate or its key is of no use. No message shows the key.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum InvalidTls {
    /// The chain is not PEM.
    #[error("the certificate is not PEM")]
    Certificate(#[source] PemError),
    /// There is no certificate in the chain.
    #[error("there is no certificate in the PEM")]
    NoCertificate,
    /// The key is not PEM.
    #[error("the private key is not PEM")]
    Key(#[source] PemError),
    /// Key and certificate do not go together, or are of a kind that is not supported.
    #[error("the certificate and its key are refused")]
    Refused(#[from] tokio_rustls::rustls::Error),
    /// No certificate could be made.
    #[error("no certificate could be made")]
    Generate(#[from] rcgen::Error),
}

impl Tls {
    /// Makes a certificate for `localhost`, `127.0.0.1` and `::1`, signed by itself. Its key never leaves the process.
    ///
    /// # Errors
    /// [`InvalidTls`] when the machine gives no randomness.
    pub fn generated() -> Result<Self, InvalidTls> {
        let mut params = CertificateParams::new(["localhost", "127.0.0.1", "::1"].map(str::to_owned))?;
        params.distinguished_name = DistinguishedName::new();
        params.distinguished_name.push(DnType::CommonName, "kycsim vendor, for tests only");
        let key = KeyPair::generate()?;
        let certificate = params.self_signed(&key)?;
        Self::new(vec![certificate.der().clone()], PrivateKeyDer::from_pem_slice(key.serialize_pem().as_bytes()), certificate.pem())
    }

    /// Takes a certificate chain, the vendor's own first, and its private key (PKCS #8, PKCS #1 or SEC 1), both in PEM.
    ///
    /// # Errors
    /// [`InvalidTls`] when one is not PEM, or they do not go together.
    pub fn from_pem(cert: &[u8], key: &[u8]) -> Result<Self, InvalidTls> {
        let chain = CertificateDer::pem_slice_iter(cert).collect::<Result<Vec<_>, _>>().map_err(InvalidTls::Certificate)?;
        if chain.is_empty() {
            return Err(InvalidTls::NoCertificate);
        }
        Self::new(chain, PrivateKeyDer::from_pem_slice(key), String::from_utf8_lossy(cert).into_owned())
    }

    fn new(
        chain: Vec<CertificateDer<'static>>,
        key: Result<PrivateKeyDer<'static>, PemError>,
        certificate_pem: String,
    ) -> Result<Self, InvalidTls> {
        let mut config = ServerConfig::builder_with_provider(Arc::new(default_provider()))
            .with_safe_default_protocol_versions()?
            .with_no_client_auth()
            .with_single_cert(chain, key.map_err(InvalidTls::Key)?)?;
        config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
        Ok(Self { config: Arc::new(config), certificate_pem })
    }

    /// The certificate chain in PEM, for clients that are to trust it.
    #[must_use]
    pub fn certificate_pem(&self) -> &str {
        &self.certificate_pem
    }

    pub(super) fn acceptor(&self) -> TlsAcceptor {
        TlsAcceptor::from(Arc::clone(&self.config))
    }
}

impl fmt::Debug for Tls {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tls").field("certificate_pem", &self.certificate_pem).finish_non_exhaustive()
    }
}
