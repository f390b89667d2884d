//! The reference backend: what a good team builds around a KYC vendor
