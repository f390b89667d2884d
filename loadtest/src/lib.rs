//! Drives onboarding journeys through a backend with Goose and judges the outcome
