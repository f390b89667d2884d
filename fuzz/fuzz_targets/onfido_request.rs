//! Whatever comes as a request to the dialect of Onfido: it is answered in the vendor's form, however the body is cut.

#![no_main]

use kycsim_fuzz::spoken::Spoken;
use libfuzzer_sys::fuzz_target;

const ONFIDO: Spoken = Spoken {
    dialect: "onfido",
    scheme: "Token token=",
    begins: "POST /v3.6/applicants\ncontent-type: application/json\n\n{\"first_name\": \"Mara\", \"last_name\": \"Lindqvist\"}",
};

fuzz_target!(|input: &[u8]| ONFIDO.check(input));
