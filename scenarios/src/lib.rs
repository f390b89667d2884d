//! The scenario language, the pure model and the shipped catalogue
