//! Rehearse a KYC vendor's good and bad days against a real onboarding backend
