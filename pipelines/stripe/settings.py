"""What a Stripe connection may set."""

from typing import Literal, Self

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from pipelines.connections import Secret, Settings


class RelistDays(BaseModel):
    """How far back each kind of object is listed again, longer than its slowest late change; 0 relies on events alone."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    charge: int = Field(default=180, ge=0)
    payment_intent: int = Field(default=30, ge=0)
    refund: int = Field(default=180, ge=0)  # refunds of bank debits
    dispute: int = Field(default=400, ge=0)  # SEPA: up to 13 months
    payout: int = Field(default=30, ge=0)  # a paid one may still fail
    customer: int = Field(default=0, ge=0)


class StripeSettings(Settings):
    """Settings of one `[stripe.<name>]` table. Who we are is either a key of the account or its owner's consent (OAuth)."""

    api_key: Secret | None = (
        None  # restricted (rk_) with the read permissions of docs/systems/stripe.md, or secret (sk_)
    )
    platform_key: Secret | None = None  # OAuth: the secret key (sk_) of the platform that the owner consented to
    client_id: str | None = None  # OAuth: ca_..., the platform's, of the same mode; `tieout connect` needs it
    refresh_token: Secret | None = (
        None  # OAuth: of a consent given elsewhere; `tieout connect` keeps its own in the home
    )
    account_id: str | None = None  # acct_...: another account's key is refused
    mode: Literal["live", "test"] = "test"  # a key of the other mode is refused
    base_url: str = "https://api.stripe.com"
    connect_url: str = "https://connect.stripe.com"
    requests_per_second: float = Field(default=20, gt=0, le=100)  # Stripe: 25 a second in test mode, 100 live
    concurrent_requests: int = Field(default=6, ge=1, le=20)
    overlap_days: int = Field(default=2, ge=1)  # read again behind the last sync
    relist_every_hours: float = Field(default=24, ge=0)
    relist_days: RelistDays = RelistDays()

    def tells_of_payments(self) -> bool:
        return True

    @model_validator(mode="after")
    def _one_login(self) -> Self:
        granted = (self.platform_key, self.client_id, self.refresh_token)
        if self.api_key is not None and any(granted):
            raise ValueError(
                "set api_key (a key of the account), or platform_key with client_id or refresh_token (OAuth), not both"
            )
        if self.api_key is None and not (self.platform_key and (self.client_id or self.refresh_token)):
            raise ValueError(
                "set api_key (a key of the account), or platform_key with client_id or refresh_token (OAuth)"
            )
        return self

    @field_validator("base_url", "connect_url")
    @classmethod
    def _no_slash(cls, value: str) -> str:
        if not value.startswith(("https://", "http://127.0.0.1", "http://localhost")):
            raise ValueError("must be https (http only on this machine): the key travels with every request")
        return value.rstrip("/")

    @field_validator("client_id")
    @classmethod
    def _client(cls, value: str | None) -> str | None:
        if value is not None and not value.startswith("ca_"):
            raise ValueError("is a client id such as ca_1AbC (Settings, Connect, Onboarding options, OAuth)")
        return value

    @field_validator("account_id")
    @classmethod
    def _account(cls, value: str | None) -> str | None:
        if value is not None and not value.startswith("acct_"):
            raise ValueError("is an account id such as acct_1AbC (Settings, Account details)")
        return value
