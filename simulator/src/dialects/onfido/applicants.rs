//! Applicants. Each is a session of the core, by the same id; what else it takes to go through several checks are further sessions of the same applicant.

use hyper::StatusCode;
use hyper::header::{HeaderName, HeaderValue, LINK};
use kycsim_scenarios::language::DocumentKind;
use kycsim_scenarios::vendor::SessionState;
use kycsim_scenarios::{ApplicantKey, SimTime};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::countries::{alpha_2, is_known, nowhere};
use super::desk::{OnfidoDesk, Visit};
use super::errors::{BLANK, deletion_incomplete_checks, gone, invalid, not_found};
use super::fields::{Fields, Parameters};
use super::media::Medium;
use super::shelf::Named;
use super::wire::{self, Time, href};
use crate::call::NewSession;
use crate::clock::WallEpoch;
use crate::dialects::Reply;
use crate::id::SessionId;
use crate::refusal::Refusal;
use crate::session::{CountryCode, ImageSlot, Side};

/// How long after its deletion an applicant is to be erased, in seconds: 24 hours.
const DELETED_AFTER: std::time::Duration = std::time::Duration::from_secs(24 * 60 * 60);
/// The longest name under which the core may know somebody.
const KEY_MAX: usize = 128;
/// What no name may hold.
const NOT_IN_NAMES: &str = "!#$%*=<>;{}\"";

/// Somebody whom a customer told of.
#[derive(Serialize, Deserialize)]
pub(super) struct Applicant {
    id: String,
    /// Whose fate it is.
    pub(super) key: ApplicantKey,
    pub(super) created_at: SimTime,
    pub(super) profile: Profile,
    delete_at: Option<SimTime>,
    /// The core's sessions, the latest last. Never empty.
    pub(super) sessions: Vec<SessionId>,
    /// Whether the latest session has not all the pictures that are here.
    pub(super) behind: bool,
    pub(super) media: Vec<String>,
    pub(super) checks: Vec<String>,
    pub(super) runs: Vec<String>,
    pub(super) monitors: Vec<String>,
}

impl Named for Applicant {
    fn id(&self) -> &str {
        &self.id
    }
}

impl Applicant {
    pub(super) const fn is_deleted(&self) -> bool {
        self.delete_at.is_some()
    }

    /// Its latest session.
    pub(super) fn session(&self) -> Option<&SessionId> {
        self.sessions.last()
    }
}

/// What a customer says of an applicant; what is left out of an update stays.
#[derive(Clone, Default, Serialize, Deserialize)]
pub(super) struct Profile {
    pub(super) first_name: Option<String>,
    pub(super) last_name: Option<String>,
    email: Option<String>,
    pub(super) dob: Option<String>,
    phone_number: Option<String>,
    id_numbers: Option<Vec<IdNumber>>,
    address: Option<Address>,
    location: Option<Location>,
    consents: Option<Vec<Consent>>,
}

#[derive(Clone, Serialize, Deserialize)]
struct IdNumber {
    r#type: String,
    value: String,
    state_code: Option<String>,
}

/// All the parts of an address by their names, but for the country.
#[derive(Clone, Serialize, Deserialize)]
struct Address {
    country: String,
    rest: Map<String, Value>,
}

#[derive(Clone, Serialize, Deserialize)]
struct Location {
    ip_address: Option<String>,
    country_of_residence: Option<String>,
}

#[derive(Clone, Serialize, Deserialize)]
struct Consent {
    name: String,
    granted: bool,
}

const ADDRESS_PARTS: [&str; 11] =
    ["flat_number", "building_number", "building_name", "street", "sub_street", "town", "state", "postcode", "line1", "line2", "line3"];

const CONSENTS: [&str; 3] = ["privacy_notices_read", "ssn_verification", "phone_number_verification"];

impl Profile {
    /// Reads what is said of an applicant.
    pub(super) fn read(mut fields: Fields) -> Result<Self, Refusal> {
        Ok(Self {
            first_name: name(&mut fields, "first_name")?,
            last_name: name(&mut fields, "last_name")?,
            email: email(&mut fields)?,
            dob: date(&mut fields, "dob")?,
            phone_number: fields.text("phone_number")?,
            id_numbers: fields.objects("id_numbers")?.map(|all| all.into_iter().map(id_number).collect()).transpose()?,
            address: fields.object("address")?.map(address).transpose()?,
            location: fields.object("location")?.map(location).transpose()?,
            consents: fields.objects("consents")?.map(|all| all.into_iter().map(consent).collect()).transpose()?,
        })
    }

    /// Refuses what says too little to begin with.
    pub(super) fn complete(self) -> Result<Self, Refusal> {
        for (field, given) in [("first_name", &self.first_name), ("last_name", &self.last_name)] {
            if given.is_none() {
                return Err(invalid(field, BLANK));
            }
        }
        Ok(self)
    }

    /// Puts what `news` says in place of what is said here.
    fn update(&mut self, news: Self) {
        let Self { first_name, last_name, email, dob, phone_number, id_numbers, address, location, consents } = news;
        replace(&mut self.first_name, first_name);
        replace(&mut self.last_name, last_name);
        replace(&mut self.email, email);
        replace(&mut self.dob, dob);
        replace(&mut self.phone_number, phone_number);
        replace(&mut self.id_numbers, id_numbers);
        replace(&mut self.address, address);
        replace(&mut self.location, location);
        replace(&mut self.consents, consents);
    }

    /// Returns the customer's own name for the applicant: the first id number of type `other`, or else the e-mail address.
    pub(super) fn key(&self) -> Option<ApplicantKey> {
        let reference = self.id_numbers.iter().flatten().find(|number| number.r#type == "other").map(|number| &number.value);
        let fits = |name: &&String| !name.is_empty() && name.len() <= KEY_MAX;
        reference.filter(fits).or(self.email.as_ref().filter(fits)).map(|name| ApplicantKey::new(name.as_str()))
    }

    /// Returns where the applicant lives.
    pub(super) fn country(&self) -> Option<CountryCode> {
        let residence = self.location.as_ref().and_then(|location| location.country_of_residence.as_deref());
        self.address.as_ref().map(|address| address.country.as_str()).or(residence).and_then(alpha_2).or_else(nowhere)
    }
}

fn replace<T>(place: &mut Option<T>, news: Option<T>) {
    if news.is_some() {
        *place = news;
    }
}

fn name(fields: &mut Fields, field: &str) -> Result<Option<String>, Refusal> {
    match fields.text(field)? {
        Some(name) if name.trim().is_empty() => Err(invalid(field, BLANK)),
        Some(name) if name.contains(|letter| NOT_IN_NAMES.contains(letter)) => Err(invalid(field, "invalid characters")),
        name => Ok(name),
    }
}

fn email(fields: &mut Fields) -> Result<Option<String>, Refusal> {
    match fields.text("email")? {
        Some(email) if !email.split_once('@').is_some_and(|(name, host)| !name.is_empty() && !host.is_empty()) => {
            Err(invalid("email", "is invalid"))
        }
        email => Ok(email),
    }
}

/// Takes a date, `YYYY-MM-DD`.
fn date(fields: &mut Fields, field: &str) -> Result<Option<String>, Refusal> {
    match fields.text(field)? {
        Some(date) if date.len() != 10 || date.parse::<jiff::civil::Date>().is_err() => {
            Err(invalid(field, "must be a date such as 1990-01-01"))
        }
        date => Ok(date),
    }
}

fn id_number(mut fields: Fields) -> Result<IdNumber, Refusal> {
    Ok(IdNumber { r#type: fields.needed_text("type")?, value: fields.needed_text("value")?, state_code: fields.text("state_code")? })
}

fn country(fields: &mut Fields, outer: &str, field: &str) -> Result<Option<String>, Refusal> {
    match fields.text(field)? {
        Some(code) if !is_known(&code) => Err(invalid(format!("{outer}.{field}"), "is not a country: three capital letters of ISO 3166-1")),
        code => Ok(code),
    }
}

fn address(mut fields: Fields) -> Result<Address, Refusal> {
    let country = country(&mut fields, "address", "country")?.ok_or_else(|| invalid("address.country", BLANK))?;
    let mut rest = Map::new();
    for part in ADDRESS_PARTS {
        rest.insert(part.to_owned(), json!(fields.text(part)?));
    }
    let given = |part: &str| rest.get(part).is_some_and(|value| !value.is_null());
    if !given("postcode") {
        return Err(invalid("address.postcode", BLANK));
    }
    if country == "USA" && !given("state") {
        return Err(invalid("address.state", BLANK));
    }
    Ok(Address { country, rest })
}

fn location(mut fields: Fields) -> Result<Location, Refusal> {
    Ok(Location { ip_address: fields.text("ip_address")?, country_of_residence: country(&mut fields, "location", "country_of_residence")? })
}

fn consent(mut fields: Fields) -> Result<Consent, Refusal> {
    let name = fields.needed_text("name")?;
    if !CONSENTS.contains(&name.as_str()) {
        return Err(invalid("consents.name", "is not a consent"));
    }
    Ok(Consent { name, granted: fields.flag("granted")?.unwrap_or(false) })
}

/// Which applicants are listed.
pub(super) struct Listing {
    page: usize,
    per_page: usize,
    include_deleted: bool,
}

impl Listing {
    pub(super) fn read(query: &Parameters<'_>) -> Result<Self, Refusal> {
        Ok(Self {
            page: query.number("page", 1, 1..=1_000_000)?,
            per_page: query.number("per_page", 20, 1..=500)?,
            include_deleted: query.flag("include_deleted")?,
        })
    }
}

#[derive(Serialize)]
struct ApplicantWire<'a> {
    id: &'a str,
    created_at: Time,
    sandbox: bool,
    first_name: Option<&'a str>,
    last_name: Option<&'a str>,
    email: Option<&'a str>,
    dob: Option<&'a str>,
    phone_number: Option<&'a str>,
    delete_at: Option<Time>,
    href: String,
    id_numbers: &'a [IdNumber],
    address: Option<Value>,
    location: Option<&'a Location>,
}

fn wire<'a>(applicant: &'a Applicant, sandbox: bool, wall: WallEpoch) -> ApplicantWire<'a> {
    let profile = &applicant.profile;
    let address = |address: &Address| {
        let mut all = address.rest.clone();
        all.insert("country".to_owned(), json!(address.country));
        Value::Object(all)
    };
    ApplicantWire {
        id: &applicant.id,
        created_at: Time::of(wall, applicant.created_at),
        sandbox,
        first_name: profile.first_name.as_deref(),
        last_name: profile.last_name.as_deref(),
        email: profile.email.as_deref(),
        dob: profile.dob.as_deref(),
        phone_number: profile.phone_number.as_deref(),
        delete_at: applicant.delete_at.map(|at| Time::of(wall, at)),
        href: href(&format!("applicants/{}", applicant.id)),
        id_numbers: profile.id_numbers.as_deref().unwrap_or_default(),
        address: profile.address.as_ref().map(address),
        location: profile.location.as_ref(),
    }
}

impl OnfidoDesk {
    /// Returns the name under which the core is to know an applicant who is still to be told of.
    pub(super) fn key_of(&self, profile: &Profile) -> ApplicantKey {
        // Without any name of the customer's: one that can be told before, for orders.
        profile.key().unwrap_or_else(|| ApplicantKey::new(format!("applicant-{}", self.state.applicants.len() + 1)))
    }

    pub(super) fn applicant(&self, id: &str) -> Result<&Applicant, Refusal> {
        self.state.applicants.get(id).ok_or_else(|| not_found("Applicant", id))
    }

    pub(super) fn applicant_mut(&mut self, id: &str) -> Result<&mut Applicant, Refusal> {
        self.state.applicants.get_mut(id).ok_or_else(|| not_found("Applicant", id))
    }

    /// Returns an applicant with whom something can be done.
    pub(super) fn present_applicant(&self, id: &str) -> Result<&Applicant, Refusal> {
        self.applicant(id).and_then(|applicant| if applicant.is_deleted() { Err(gone("applicant")) } else { Ok(applicant) })
    }

    pub(super) fn create_applicant(&mut self, profile: &Profile, visit: &mut Visit<'_, '_>) -> Result<Reply, Refusal> {
        let key = self.key_of(profile);
        let country = profile.country().ok_or_else(|| invalid("address.country", "is not a country"))?;
        // Which document they will hand in nobody knows yet.
        let new = NewSession { applicant: key.clone(), country, document: DocumentKind::Passport, callback_url: None };
        let session = visit.counter.create(new)?.about.id.clone();
        visit.begun = Some(session.clone());
        let applicant = Applicant {
            id: session.as_str().to_owned(),
            key,
            created_at: visit.counter.now(),
            profile: profile.clone(),
            delete_at: None,
            sessions: vec![session],
            behind: false,
            media: Vec::new(),
            checks: Vec::new(),
            runs: Vec::new(),
            monitors: Vec::new(),
        };
        let reply = wire::json(StatusCode::CREATED, &wire(&applicant, self.sandbox, self.wall));
        self.state.applicants.put(applicant);
        Ok(reply)
    }

    pub(super) fn show_applicant(&self, id: &str) -> Result<Reply, Refusal> {
        Ok(wire::json(StatusCode::OK, &wire(self.applicant(id)?, self.sandbox, self.wall)))
    }

    pub(super) fn update_applicant(&mut self, id: &str, news: &Profile) -> Result<Reply, Refusal> {
        self.present_applicant(id)?;
        self.applicant_mut(id)?.profile.update(news.clone());
        self.show_applicant(id)
    }

    pub(super) fn list_applicants(&self, listing: &Listing, visit: &Visit<'_, '_>) -> Reply {
        let Listing { page, per_page, include_deleted } = *listing;
        let all: Vec<&Applicant> = self.state.applicants.iter().rev().filter(|each| include_deleted || !each.is_deleted()).collect();
        let pages = all.len().div_ceil(per_page).max(1);
        let shown = all.iter().skip((page - 1).saturating_mul(per_page)).take(per_page);
        let shown: Vec<_> = shown.map(|applicant| wire(applicant, self.sandbox, self.wall)).collect();
        let mut reply = wire::json(StatusCode::OK, &json!({ "applicants": shown }));
        let address = |page: usize, rel: &str| format!("<{}/applicants?page={page}&per_page={per_page}>; rel=\"{rel}\"", visit.base);
        let mut links = vec![address(1, "first"), address(pages, "last")];
        links.extend((page > 1).then(|| address(page - 1, "prev")));
        links.extend((page < pages).then(|| address(page + 1, "next")));
        let headers = reply.headers_mut();
        headers.insert(HeaderName::from_static("x-total-count"), HeaderValue::from(all.len()));
        if let Ok(links) = HeaderValue::try_from(links.join(", ")) {
            headers.insert(LINK, links);
        }
        reply
    }

    /// Deletes an applicant, which can be taken back for a day. What the core knows of the pictures is erased at once.
    pub(super) fn delete_applicant(&mut self, id: &str, visit: &mut Visit<'_, '_>) -> Result<Reply, Refusal> {
        let applicant = self.applicant(id)?;
        if applicant.is_deleted() {
            return Ok(wire::no_content());
        }
        let sessions = applicant.sessions.clone();
        for session in &sessions {
            if matches!(visit.counter.session(session)?.state, SessionState::Processing { .. }) {
                return Err(deletion_incomplete_checks());
            }
        }
        for session in &sessions {
            visit.counter.redact(session)?;
        }
        let at = visit.counter.now().saturating_add(DELETED_AFTER);
        let applicant = self.applicant_mut(id)?;
        (applicant.delete_at, applicant.behind) = (Some(at), true);
        Ok(wire::no_content())
    }

    pub(super) fn restore_applicant(&mut self, id: &str) -> Result<Reply, Refusal> {
        self.applicant_mut(id)?.delete_at = None;
        Ok(wire::no_content())
    }

    pub(super) fn list_consents(&self, id: &str) -> Result<Reply, Refusal> {
        let consents = self.applicant(id)?.profile.consents.as_deref().unwrap_or_default();
        Ok(wire::json(StatusCode::OK, &consents))
    }

    /// Returns a session in which what this applicant uploaded can be handed in: the latest, or another one when that is not to be had any more.
    pub(super) fn free_session(&mut self, id: &str, visit: &mut Visit<'_, '_>) -> Result<SessionId, Refusal> {
        let applicant = self.present_applicant(id)?;
        let latest = applicant.session().cloned().ok_or(Refusal::NoSuchSession)?;
        let taken = self.state.works.is_reserved(&latest);
        let session = match &visit.counter.session(&latest)?.state {
            SessionState::Collecting { .. } if !taken => latest,
            SessionState::Expired { .. } if !taken => visit.counter.reopen(&latest)?.about.id.clone(),
            SessionState::Collecting { .. }
            | SessionState::Expired { .. }
            | SessionState::Processing { .. }
            | SessionState::Decided { .. }
            | SessionState::Cancelled { .. } => {
                let another = visit.counter.create_again(&latest)?.about.id.clone();
                visit.begun = Some(another.clone());
                let applicant = self.applicant_mut(id)?;
                applicant.sessions.push(another.clone());
                applicant.behind = true;
                another
            }
        };
        self.bring_up_to_date(id, &session, visit)?;
        Ok(session)
    }

    /// Takes into a session what was uploaded while no session took it.
    pub(super) fn bring_up_to_date(&mut self, id: &str, session: &SessionId, visit: &mut Visit<'_, '_>) -> Result<(), Refusal> {
        let applicant = self.applicant(id)?;
        if !applicant.behind {
            return Ok(());
        }
        for slot in [ImageSlot::Document(Side::Front), ImageSlot::Document(Side::Back), ImageSlot::Selfie] {
            let latest = applicant.media.iter().rev().filter_map(|medium| self.state.media.get(medium));
            if let Some(Medium { picture, .. }) = latest.into_iter().find(|medium| medium.slot() == Some(slot)) {
                visit.counter.take_in(session, slot, *picture)?;
            }
        }
        self.applicant_mut(id)?.behind = false;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;

    use super::*;
    use crate::dialects::Payload;

    fn read(json: &Value) -> Result<Profile, Refusal> {
        Profile::read(Fields::of(&Payload::Json(Bytes::from(json.to_string())))?)?.complete()
    }

    #[track_caller]
    fn check_key(more: &Value, expected: Option<&str>) {
        let mut all = json!({"first_name": "Mara", "last_name": "Lindqvist"});
        all.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        assert_eq!(read(&all).unwrap_or_else(|refusal| panic!("{refusal}")).key(), expected.map(ApplicantKey::new));
    }

    #[test]
    fn an_applicant_is_known_by_the_customers_own_name_for_it() {
        let other = json!([{"type": "ssn", "value": "1"}, {"type": "other", "value": "a-42"}]);
        check_key(&json!({"id_numbers": other, "email": "m@example.org"}), Some("a-42"));
        check_key(&json!({"email": "m@example.org"}), Some("m@example.org"));
        check_key(&json!({}), None);
    }

    #[track_caller]
    fn check_refused(json: &Value, field: &str) {
        let Err(Refusal::Own(rebuff)) = read(json) else { panic!("not refused: {json}") };
        assert_eq!(rebuff.param.as_deref(), Some(field));
    }

    #[test]
    fn what_is_wrong_about_an_applicant_is_blamed() {
        check_refused(&json!({}), "first_name");
        check_refused(&json!({"first_name": "a"}), "last_name");
        check_refused(&json!({"first_name": "a<b", "last_name": "x"}), "first_name");
        let with = |field: &str, value: Value| json!({"first_name": "a", "last_name": "b", field: value});
        check_refused(&with("dob", json!("1990-13-01")), "dob");
        check_refused(&with("email", json!("nobody")), "email");
        check_refused(&with("address", json!({"country": "DE", "postcode": "1"})), "address.country");
        check_refused(&with("address", json!({"country": "DEU"})), "address.postcode");
        check_refused(&with("address", json!({"country": "USA", "postcode": "1"})), "address.state");
        check_refused(&with("consents", json!([{"name": "x", "granted": true}])), "consents.name");
    }

    #[test]
    fn an_applicant_lives_at_their_address_or_where_they_say_or_nowhere() {
        let country = |more: Value| {
            let mut all = json!({"first_name": "a", "last_name": "b"});
            all.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
            read(&all).unwrap_or_else(|refusal| panic!("{refusal}")).country().map(|code| code.as_str().to_owned())
        };
        let residence = json!({"country_of_residence": "SWE"});
        assert_eq!(country(json!({"address": {"country": "DEU", "postcode": "1"}, "location": residence})).as_deref(), Some("DE"));
        assert_eq!(country(json!({"location": {"country_of_residence": "SWE"}})).as_deref(), Some("SE"));
        assert_eq!(country(json!({})).as_deref(), Some("XX"));
    }
}
