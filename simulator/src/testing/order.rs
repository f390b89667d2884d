use std::future::{IntoFuture, Ready, ready};
use std::time::Duration;

use kycsim_scenarios::language::{Callbacks, Period, Progress, QuantityError, RawCallbacks, ResponseFault};
use kycsim_scenarios::vendor::{Fault, Operation, Order, OrderedResponse, Outcome, RawOrder, Reason};

use super::tenant::TestTenant;
use crate::tenants::Subject;
use crate::world::CommandError;

/// An order on its way: what is to happen to an applicant or a session. What is not said is left to the scenario.
///
/// It is placed when it is awaited, or by [`OrderFor::place`], in place of an earlier order about the same.
#[derive(Debug)]
#[must_use = "an order does nothing until it is awaited or placed"]
pub struct OrderFor<'t> {
    tenant: &'t TestTenant,
    subject: Subject,
    order: RawOrder,
    /// The first thing that was said and makes no sense.
    wrong: Option<QuantityError>,
}

/// Why an order was not placed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PlaceOrderError {
    /// It makes no sense.
    #[error("the order makes no sense: {0}")]
    Invalid(#[from] QuantityError),
    /// There is no such session, or no room.
    #[error(transparent)]
    Refused(#[from] CommandError),
}

impl<'t> OrderFor<'t> {
    pub(super) fn new(tenant: &'t TestTenant, subject: Subject) -> Self {
        Self { tenant, subject, order: RawOrder::default(), wrong: None }
    }

    /// Every attempt that is still to be decided ends with an approval.
    pub fn approved(self) -> Self {
        self.decided(Outcome::Approved, [])
    }

    /// They end with a refusal, for these reasons.
    pub fn declined(self, reasons: impl IntoIterator<Item = Reason>) -> Self {
        self.decided(Outcome::Declined, reasons)
    }

    /// They end with a request for better pictures, for these reasons.
    pub fn resubmission(self, reasons: impl IntoIterator<Item = Reason>) -> Self {
        self.decided(Outcome::Resubmission, reasons)
    }

    /// They end undecided: the customer's own people should look, for these reasons.
    pub fn review(self, reasons: impl IntoIterator<Item = Reason>) -> Self {
        self.decided(Outcome::Review, reasons)
    }

    fn decided(mut self, outcome: Outcome, reasons: impl IntoIterator<Item = Reason>) -> Self {
        (self.order.outcome, self.order.reasons) = (Some(outcome), reasons.into_iter().collect());
        self
    }

    /// The decision comes so long after the submission; after [`Duration::ZERO`], at once.
    pub fn after(mut self, delay: Duration) -> Self {
        (self.order.decision_delay, self.order.progress) = (Some(Period::new(delay)), Some(Progress::Time));
        self
    }

    /// The decision comes when the session was read as often as the scenario's `polls` says.
    pub const fn by_polls(mut self) -> Self {
        self.order.progress = Some(Progress::Polls);
        self
    }

    /// The decision comes when [`crate::TenantHandle::decide`] says so.
    pub const fn on_command(mut self) -> Self {
        self.order.progress = Some(Progress::Command);
        self
    }

    /// Events are told as the scenario has it, with this change.
    pub fn with_callbacks(mut self, change: impl FnOnce(&mut RawCallbacks)) -> Self {
        let before: &Callbacks = self.order.callbacks.as_ref().unwrap_or(&self.tenant.scenario().vendor.callbacks);
        match before.with(change) {
            Ok(callbacks) => self.order.callbacks = Some(callbacks),
            Err(wrong) => self.wrong = self.wrong.or(Some(wrong)),
        }
        self
    }

    /// The next `times` requests for `operation` fail like this.
    pub fn failing(self, operation: Operation, fault: Fault, times: u32) -> Self {
        self.response(operation, ResponseFault::certain(fault).map(|http| http.at_most(times)))
    }

    /// All requests for `operation` fail like this.
    pub fn always_failing(self, operation: Operation, fault: Fault) -> Self {
        self.response(operation, ResponseFault::certain(fault))
    }

    fn response(mut self, operation: Operation, http: Result<ResponseFault, QuantityError>) -> Self {
        match http {
            Ok(http) => self.order.responses.push(OrderedResponse { endpoints: vec![operation], http }),
            Err(wrong) => self.wrong = self.wrong.or(Some(wrong)),
        }
        self
    }

    /// Places the order.
    ///
    /// # Errors
    /// [`PlaceOrderError`] when it makes no sense, there is no such session, or there are too many orders.
    pub fn place(self) -> Result<(), PlaceOrderError> {
        let Self { tenant, subject, order, wrong } = self;
        wrong.map_or(Ok(()), Err)?;
        Ok(tenant.order(&subject, Order::try_from(order)?)?)
    }
}

impl IntoFuture for OrderFor<'_> {
    type Output = Result<(), PlaceOrderError>;
    type IntoFuture = Ready<Self::Output>;

    fn into_future(self) -> Self::IntoFuture {
        ready(self.place())
    }
}
