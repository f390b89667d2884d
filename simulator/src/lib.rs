//! The fake KYC vendor: a library first, a server second
