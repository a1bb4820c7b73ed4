"""What the models know of the two products: EXCHANGE's arithmetic, paths and names, written down apart from posrec's.

Amounts are contracts; `size` is what one is of: USD (inverse) or coins (linear, always 1). Money is the margin asset.
"""
from decimal import Decimal


class CoinM:
    """Inverse: a contract is so many USD, margined in the coin."""
    name, is_linear, is_flat_when_absent = "coin-m", False, False
    lot = 1
    paths = {"positionRisk": "/dapi/v1/positionRisk", "account": "/dapi/v1/account", "income": "/dapi/v1/income",
             "userTrades": "/dapi/v1/userTrades", "premiumIndex": "/dapi/v1/premiumIndex", "exchangeInfo": "/dapi/v1/exchangeInfo",
             "fundingRate": "/dapi/v1/fundingRate"}

    @staticmethod
    def profit(amount, size, entry, price):
        return amount * size * (1 / entry - 1 / price)

    @staticmethod
    def worth(amount, size, price):
        return amount * size / price

    @staticmethod
    def weight(amount, price):
        """What averages of prices add up, so that the value is kept."""
        return amount / price

    @staticmethod
    def average(amount, weight):
        return amount / weight


class UsdM:
    """Linear: a contract is a coin, margined in the quote."""
    name, is_linear, is_flat_when_absent = "usd-m", True, True
    lot = Decimal("0.001")
    paths = {"positionRisk": "/fapi/v3/positionRisk", "account": "/fapi/v3/account", "income": "/fapi/v1/income",
             "userTrades": "/fapi/v1/userTrades", "assetIndex": "/fapi/v1/assetIndex", "exchangeInfo": "/fapi/v1/exchangeInfo",
             "symbolConfig": "/fapi/v1/symbolConfig", "accountConfig": "/fapi/v1/accountConfig", "fundingRate": "/fapi/v1/fundingRate"}

    @staticmethod
    def profit(amount, size, entry, price):
        return amount * size * (price - entry)

    @staticmethod
    def worth(amount, size, price):
        return amount * size * price

    @staticmethod
    def weight(amount, price):
        return amount * price

    @staticmethod
    def average(amount, weight):
        return weight / amount
