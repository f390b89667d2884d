//! Whatever comes as a request to the dialect of Stripe Identity, its forms with brackets in every way: it is answered in the vendor's form, however the body is cut.

#![no_main]

use kycsim_fuzz::spoken::Spoken;
use libfuzzer_sys::fuzz_target;

const STRIPE: Spoken = Spoken {
    dialect: "stripe-identity",
    scheme: "Bearer ",
    begins: "POST /v1/identity/verification_sessions\ncontent-type: application/x-www-form-urlencoded\n\ntype=document&client_reference_id=a-1",
};

fuzz_target!(|input: &[u8]| STRIPE.check(input));
