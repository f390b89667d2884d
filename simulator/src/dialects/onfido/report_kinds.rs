//! Which reports there are, what they look at, and the tree that each breaks down into: API v3.6, as of 2026-11-24.

/// A kind of report, by the name that it is asked for with.
#[derive(Debug)]
pub(super) struct ReportKind {
    pub(super) name: &'static str,
    pub(super) family: Family,
    /// What must have been uploaded.
    pub(super) needs: &'static [Need],
    pub(super) tree: &'static [Branch],
}

/// Reports that find the same things.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Family {
    Document,
    Facial,
    Watchlist,
    KnownFaces,
    IdentityEnhanced,
    ProofOfAddress,
    /// One that looks at nothing that a decision is about.
    Other,
}

/// Something that must have been uploaded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Need {
    Document,
    LivePhoto,
    LiveVideo,
    MotionCapture,
}

/// A branch of a breakdown; without leaves it is a leaf itself.
#[derive(Debug)]
pub(super) struct Branch {
    pub(super) name: &'static str,
    pub(super) leaves: &'static [&'static str],
}

const fn branch(name: &'static str, leaves: &'static [&'static str]) -> Branch {
    Branch { name, leaves }
}

const DOCUMENT: &[Branch] = &[
    branch(
        "data_comparison",
        &["issuing_country", "gender", "date_of_expiry", "last_name", "document_type", "document_numbers", "first_name", "date_of_birth"],
    ),
    branch("data_validation", &["gender", "date_of_birth", "document_numbers", "document_expiration", "expiry_date", "mrz", "barcode"]),
    branch(
        "data_consistency",
        &[
            "date_of_expiry",
            "document_numbers",
            "issuing_country",
            "document_type",
            "date_of_birth",
            "gender",
            "first_name",
            "last_name",
            "nationality",
            "multiple_data_sources_present",
        ],
    ),
    branch("image_integrity", &["image_quality", "supported_document", "colour_picture", "conclusive_document_quality"]),
    branch(
        "visual_authenticity",
        &[
            "fonts",
            "picture_face_integrity",
            "template",
            "security_features",
            "original_document_present",
            "digital_tampering",
            "other",
            "face_detection",
        ],
    ),
    branch("age_validation", &["minimum_accepted_age"]),
    branch("compromised_document", &["document_database", "repeat_attempts"]),
    branch("police_record", &[]),
    branch("issuing_authority", &["nfc_active_authentication", "nfc_passive_authentication"]),
];

const FACIAL: &[Branch] = &[
    branch("face_comparison", &["face_match"]),
    branch("image_integrity", &["face_detected", "source_integrity"]),
    branch("visual_authenticity", &["spoofing_detection"]),
];

const FACIAL_MOVING: &[Branch] = &[
    branch("face_comparison", &["face_match"]),
    branch("image_integrity", &["face_detected", "source_integrity"]),
    branch("visual_authenticity", &["spoofing_detection", "liveness_detected"]),
];

const WATCHLIST: &[Branch] =
    &[branch("sanction", &[]), branch("politically_exposed_person", &[]), branch("legal_and_regulatory_warnings", &[])];

const WATCHLIST_AML: &[Branch] = &[
    branch("sanction", &[]),
    branch("politically_exposed_person", &[]),
    branch("legal_and_regulatory_warnings", &[]),
    branch("adverse_media", &[]),
];

const WATCHLIST_ENHANCED: &[Branch] =
    &[branch("sanction", &[]), branch("politically_exposed_person", &[]), branch("adverse_media", &[]), branch("monitored_lists", &[])];

const KNOWN_FACES: &[Branch] = &[branch("previously_seen_faces", &[]), branch("image_integrity", &[])];

const IDENTITY_ENHANCED: &[Branch] = &[
    branch("sources", &["total_sources"]),
    branch("address", &["credit_agencies", "telephone_database", "voting_register"]),
    branch("date_of_birth", &["credit_agencies", "voting_register"]),
    branch("mortality", &[]),
    branch("ssn", &["last_4_digits_match", "full_match"]),
];

const PROOF_OF_ADDRESS: &[Branch] = &[
    branch("data_comparison", &["address", "first_name", "last_name"]),
    branch("document_classification", &["supported_document"]),
    branch("image_integrity", &["image_quality"]),
];

const US_DRIVING_LICENCE: &[Branch] = &[
    branch("document", &["category", "expiration_date", "issue_date", "document_number"]),
    branch("address", &["city", "line_1", "line_2", "state_code", "zip4", "zip5"]),
    branch("personal", &["first_name", "last_name", "date_of_birth"]),
];

const DEVICE: &[Branch] = &[branch("device", &["application_authenticity", "device_integrity", "device_reputation"])];

const INDIA_PAN: &[Branch] = &[branch("device", &["pan_valid", "name_match"])];

const fn kind(name: &'static str, family: Family, needs: &'static [Need], tree: &'static [Branch]) -> ReportKind {
    ReportKind { name, family, needs, tree }
}

/// All of them.
pub(super) const KINDS: &[ReportKind] = &[
    kind("document", Family::Document, &[Need::Document], DOCUMENT),
    kind("document_video", Family::Document, &[Need::Document], DOCUMENT),
    kind("document_with_address_information", Family::Document, &[Need::Document], DOCUMENT),
    kind("document_video_with_address_information", Family::Document, &[Need::Document], DOCUMENT),
    kind("document_with_driving_licence_information", Family::Document, &[Need::Document], DOCUMENT),
    kind("document_with_driver_verification", Family::Document, &[Need::Document], DOCUMENT),
    kind("facial_similarity_photo", Family::Facial, &[Need::Document, Need::LivePhoto], FACIAL),
    kind("facial_similarity_photo_fully_auto", Family::Facial, &[Need::Document, Need::LivePhoto], FACIAL),
    kind("facial_similarity_video", Family::Facial, &[Need::Document, Need::LiveVideo], FACIAL_MOVING),
    kind("facial_similarity_motion", Family::Facial, &[Need::Document, Need::MotionCapture], FACIAL_MOVING),
    kind("known_faces", Family::KnownFaces, &[Need::LivePhoto], KNOWN_FACES),
    kind("identity_enhanced", Family::IdentityEnhanced, &[], IDENTITY_ENHANCED),
    kind("watchlist_aml", Family::Watchlist, &[], WATCHLIST_AML),
    kind("watchlist_enhanced", Family::Watchlist, &[], WATCHLIST_ENHANCED),
    kind("watchlist_standard", Family::Watchlist, &[], WATCHLIST),
    kind("watchlist_peps_only", Family::Watchlist, &[], WATCHLIST),
    kind("watchlist_sanctions_only", Family::Watchlist, &[], WATCHLIST),
    kind("proof_of_address", Family::ProofOfAddress, &[Need::Document], PROOF_OF_ADDRESS),
    kind("us_driving_licence", Family::Other, &[], US_DRIVING_LICENCE),
    kind("device_intelligence", Family::Other, &[], DEVICE),
    kind("india_pan", Family::Other, &[], INDIA_PAN),
];

/// Returns the kind of report with this name.
pub(super) fn kind_of(name: &str) -> Option<&'static ReportKind> {
    KINDS.iter().find(|kind| kind.name == name)
}

impl ReportKind {
    /// Whether its tree has this branch, and this leaf on it; no leaf for a branch that is one itself.
    pub(super) fn has(&self, branch: &str, leaf: &str) -> bool {
        let found = self.tree.iter().find(|known| known.name == branch);
        found.is_some_and(|known| if leaf.is_empty() { known.leaves.is_empty() } else { known.leaves.contains(&leaf) })
    }
}
