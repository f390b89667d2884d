//! HTTPS.

use std::io::ErrorKind;
use std::sync::Arc;
use std::time::Duration;

use kycsim_simulator::{InvalidTls, Tls};
use reqwest::{Certificate, Client, StatusCode, Version};
use tokio::io::AsyncWriteExt as _;
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use tokio_rustls::rustls::crypto::aws_lc_rs::default_provider;
use tokio_rustls::rustls::pki_types::CertificateDer;
use tokio_rustls::rustls::pki_types::pem::PemObject as _;
use tokio_rustls::rustls::{ClientConfig, RootCertStore};
use wiremock::ResponseTemplate;

use crate::faults::{create_request, incident, rest};
use crate::stage::{API_KEY, APPROVE, Stage, limits, new_session};

async fn set(vendor: &str) -> (Stage, Tls) {
    let tls = Tls::generated().unwrap();
    let (shown, short) = (tls.clone(), limits(|limits| limits.head_within = Duration::from_millis(200)));
    let stage = Stage::set_with(vendor, |config| config.tls(shown).limits(short), ResponseTemplate::new(200)).await;
    (stage, tls)
}

async fn create_by(client: &Client, stage: &Stage, host: &str) -> reqwest::Result<reqwest::Response> {
    let url = format!("https://{host}:{}/v1/sessions", stage.vendor.address().port());
    client.post(url).bearer_auth(API_KEY).json(&new_session("a-1")).send().await
}

fn client(tls: &Tls) -> Client {
    let certificate = Certificate::from_pem(tls.certificate_pem().as_bytes()).unwrap();
    Client::builder().no_proxy().tls_certs_only([certificate]).timeout(Duration::from_secs(20)).build().unwrap()
}

/// Speaks TLS without HTTP.
async fn shake(stage: &Stage, tls: &Tls) -> TlsStream<TcpStream> {
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_slice(tls.certificate_pem().as_bytes()).unwrap()).unwrap();
    let config = ClientConfig::builder_with_provider(Arc::new(default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    let stream = TcpStream::connect(stage.vendor.address()).await.unwrap();
    TlsConnector::from(Arc::new(config)).connect("localhost".try_into().unwrap(), stream).await.unwrap()
}

#[tokio::test]
async fn a_client_that_trusts_the_certificate_speaks_http2() {
    let (stage, tls) = set(APPROVE).await;
    for host in ["127.0.0.1", "localhost"] {
        let answer = create_by(&client(&tls), &stage, host).await.unwrap();
        assert_eq!((answer.version(), answer.status()), (Version::HTTP_2, StatusCode::CREATED));
    }
    let stranger = client(&Tls::generated().unwrap());
    assert!(create_by(&stranger, &stage, "localhost").await.is_err(), "it trusts another");
}

#[tokio::test]
async fn a_client_that_speaks_no_tls_gets_an_error_and_the_port_lives_on() {
    let (stage, tls) = set(APPROVE).await;
    let mut plain = TcpStream::connect(stage.vendor.address()).await.unwrap();
    plain.write_all(&create_request("a-1")).await.unwrap();
    let (answer, _) = rest(plain).await;
    assert!(!answer.starts_with(b"HTTP"), "{}", answer.escape_ascii());
    assert_eq!(stage.vendor.counts().handshakes_failed, 1);
    assert_eq!(create_by(&client(&tls), &stage, "localhost").await.unwrap().status(), StatusCode::CREATED);
}

#[tokio::test]
async fn a_handshake_that_stalls_is_cut_and_holds_nobody_up() {
    let (stage, tls) = set(APPROVE).await;
    let mut stalled = TcpStream::connect(stage.vendor.address()).await.unwrap();
    stalled.write_all(&[22, 3, 1]).await.unwrap();
    assert_eq!(create_by(&client(&tls), &stage, "localhost").await.unwrap().status(), StatusCode::CREATED);
    rest(stalled).await;
    assert_eq!(stage.vendor.counts().handshakes_failed, 1);
}

#[tokio::test]
async fn faults_are_the_same_under_tls() {
    for (fault, end) in [
        ("fault = \"connection_reset_by_peer\"", Some(ErrorKind::ConnectionReset)),
        ("fault = \"connection_reset_by_peer\", moment = \"in_body\"", Some(ErrorKind::ConnectionReset)),
        ("fault = \"empty_response\"", None), // with the goodbye of TLS, without which there would be an error
        ("fault = \"truncated_body\"", None),
    ] {
        let (stage, tls) = set(&incident("0s", &format!("http = {{ {fault} }}"))).await;
        let mut stream = shake(&stage, &tls).await;
        stream.write_all(&create_request("a-1")).await.unwrap();
        let (_, ended) = rest(stream).await;
        assert_eq!(ended, end, "{fault}");
    }
}

#[test]
fn a_certificate_may_be_given() {
    let params = rcgen::CertificateParams::new(["localhost".to_owned()]).unwrap();
    let key = rcgen::KeyPair::generate().unwrap();
    let certificate = params.self_signed(&key).unwrap().pem();
    let tls = Tls::from_pem(certificate.as_bytes(), key.serialize_pem().as_bytes()).unwrap();
    assert_eq!(tls.certificate_pem(), certificate);
    let other = rcgen::KeyPair::generate().unwrap().serialize_pem();
    assert!(matches!(Tls::from_pem(certificate.as_bytes(), other.as_bytes()), Err(InvalidTls::Refused(_))));
    assert!(matches!(Tls::from_pem(b"", key.serialize_pem().as_bytes()), Err(InvalidTls::NoCertificate)));
    assert!(matches!(Tls::from_pem(certificate.as_bytes(), b"no key"), Err(InvalidTls::Key(_))));
}
