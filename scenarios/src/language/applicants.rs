use std::time::Duration;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::distribution::Distribution;
use super::quantity::{Probability, Weight};
use crate::words::words;

/// One group of the applicant mix.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ApplicantGroup {
    /// Its weight among the groups.
    pub share: Weight,
    /// Where they live and their document comes from.
    pub country: Country,
    /// What they show.
    pub document: DocumentKind,
    /// What they hold in their hands.
    #[serde(default)]
    pub device: Device,
    /// What the backend would think of them.
    #[serde(default)]
    pub risk: Risk,
    /// How long they bear one screen that does not move on, before they leave without a word.
    pub patience: Distribution,
    /// How long they take for one step: reading, typing, finding the document.
    #[serde(default = "default_step_time")]
    pub step_time: Distribution,
    /// How likely they leave at a step of their own accord.
    #[serde(default)]
    pub leave: Leave,
    /// How likely a picture goes wrong.
    #[serde(default)]
    pub capture: CaptureDefects,
    /// How likely they go back after a submission and press the button once more.
    #[serde(default = "never")]
    pub double_submit: Probability,
}

const fn never() -> Probability {
    Probability::NEVER
}

fn default_step_time() -> Distribution {
    Distribution::constant(Duration::from_millis(300))
}

/// How likely an applicant leaves at each step of their own accord, and not from waiting.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Leave {
    /// On seeing the sign-up form.
    pub open_account: Probability,
    /// On being asked for consent.
    pub consent: Probability,
    /// On being asked for a document.
    pub capture_document: Probability,
    /// On being asked for a selfie.
    pub capture_selfie: Probability,
}

impl Default for Leave {
    fn default() -> Self {
        let never = Probability::NEVER;
        Self { open_account: never, consent: never, capture_document: never, capture_selfie: never }
    }
}

/// How likely one picture goes wrong, by defect. What is left is good.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct CaptureDefects {
    /// Out of focus.
    pub blurred: Probability,
    /// Too few pixels to read.
    pub too_small: Probability,
    /// The upload broke off.
    pub truncated: Probability,
}

impl Default for CaptureDefects {
    fn default() -> Self {
        Self { blurred: Probability::NEVER, too_small: Probability::NEVER, truncated: Probability::NEVER }
    }
}

words! {
    /// A country that applicants can be made for, by its ISO 3166-1 alpha-2 code.
    Country {
        /// Brazil.
        Br = "BR",
        /// Germany.
        De = "DE",
        /// Spain.
        Es = "ES",
        /// France.
        Fr = "FR",
        /// United Kingdom.
        Gb = "GB",
        /// Greece.
        Gr = "GR",
        /// India.
        In = "IN",
        /// Japan.
        Jp = "JP",
        /// Nigeria.
        Ng = "NG",
        /// Poland.
        Pl = "PL",
        /// Ukraine.
        Ua = "UA",
        /// United States of America.
        Us = "US",
    }
}

words! {
    /// A kind of identity document.
    DocumentKind {
        /// A passport booklet (ICAO 9303 TD3).
        Passport = "passport",
        /// A national identity card (TD1).
        IdCard = "id_card",
        /// A driving licence: no machine-readable zone.
        DrivingLicence = "driving_licence",
        /// A residence permit (TD1).
        ResidencePermit = "residence_permit",
    }
}

words! {
    /// What an applicant takes pictures with.
    #[derive(Default)]
    Device {
        /// A recent phone on a good network.
        #[default]
        MobileGood = "mobile_good",
        /// An old phone on a poor network.
        MobilePoor = "mobile_poor",
        /// A computer with a webcam.
        Desktop = "desktop",
    }
}

words! {
    /// What the backend would think of an applicant.
    #[derive(Default)]
    Risk {
        /// Nothing unusual.
        #[default]
        Low = "low",
        /// Something unusual.
        Medium = "medium",
        /// Much unusual.
        High = "high",
    }
}
