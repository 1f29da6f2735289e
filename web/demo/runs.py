"""The sample runs: some fine, one tool raising, one failing softly, one loop, and the one that streams in live."""

from web.demo.script import Call, Raises, Run, Turn

ORDER = {"order_id": "A-1042", "status": "shipped", "carrier": "DHL", "eta_days": 2, "total": 84.5, "currency": "EUR"}
ARTICLE = {"title": "Returns within 30 days", "text": "Unused goods can be returned within 30 days with the label."}
POLICY = [ARTICLE, {"title": "Refund times", "text": "Refunds reach the card within five working days."}]

WHERE_IS_MY_ORDER = Run(
    "fine: one tool, one answer",
    "user-ada",
    "ada",
    "Hi, where is my order A-1042?",
    [
        Turn([Call("lookup_order", {"order_id": "A-1042"}, ORDER)]),
        Turn(text="Your order A-1042 is on its way with DHL and should arrive in two days."),
    ],
)

RETURN_IT = Run(
    "fine: same conversation, four tools, an embedding below one of them",
    "user-ada",
    "ada",
    "Thanks. The jacket does not fit, can I send it back?",
    [
        Turn(
            [
                Call("search_knowledge_base", {"query": "return policy"}, POLICY, 0.7, embeds="return policy"),
                Call("lookup_order", {"order_id": "A-1042"}, ORDER, 0.3),
            ]
        ),
        Turn([Call("create_return_label", {"order_id": "A-1042"}, {"label_id": "R-77", "pages": 1}, 0.9)]),
        Turn([Call("send_email", {"to": "ada@example.com", "template": "return_label"}, {"sent": True}, 0.2)]),
        Turn(text="Yes. A return label is in your inbox; please ship it within 30 days.", output_tokens=48),
    ],
)

CHANGE_ADDRESS = Run(
    "fine: a tool fails once, the second try succeeds",
    "user-grace",
    "grace",
    "Please change the delivery address of B-2001 to 5 Harbour Street.",
    [
        Turn(
            [
                Call(
                    "update_address",
                    {"order_id": "B-2001", "street": "5 Harbour Street"},
                    Raises("ValidationError", "postcode is missing for street '5 Harbour Street'"),
                    0.2,
                )
            ]
        ),
        Turn([Call("find_postcode", {"street": "5 Harbour Street"}, {"postcode": "20457", "city": "Hamburg"}, 0.5)]),
        Turn(
            [
                Call(
                    "update_address",
                    {"order_id": "B-2001", "street": "5 Harbour Street", "postcode": "20457"},
                    {"updated": True},
                )
            ]
        ),
        Turn(text="Done: B-2001 goes to 5 Harbour Street, 20457 Hamburg."),
    ],
)

REFUND_RAISES = Run(
    "a tool raises: the refund never happens",
    "user-linus",
    "linus",
    "I was charged twice for C-3300, please refund one payment.",
    [
        Turn([Call("list_payments", {"order_id": "C-3300"}, [{"id": "pay_1"}, {"id": "pay_2"}], 0.5)]),
        Turn(
            [
                Call(
                    "refund_payment",
                    {"payment_id": "pay_2", "amount": 31.9},
                    Raises("PaymentGatewayError", "gateway refused the refund: 502 Bad Gateway from payments.internal"),
                    2.4,
                )
            ]
        ),
        Turn(text="I am sorry, I could not refund the payment right now. A colleague will look into it."),
    ],
)

SHIPPING_SOFT_FAILURE = Run(
    "a tool fails softly: the span looks fine, its result says otherwise",
    "user-grace",
    "grace",
    "How much is express shipping to Oslo?",
    [
        Turn(
            [Call("shipping_rates", {"to": "Oslo", "speed": "express"}, {"error": "rate limited", "status": 429}, 0.1)]
        ),
        Turn(text="Express shipping to Oslo usually costs about 20 EUR."),
    ],
)

_MISSING = {"order_id": "D-0000"}
_NOT_FOUND = Raises("OrderNotFound", "no order D-0000 for this customer")
LOOKUP_LOOP = Run(
    "a loop: the same call fails five times",
    "user-dennis",
    "dennis",
    "What happened to my order D-0000?",
    [
        *(Turn([Call("lookup_order", _MISSING, _NOT_FOUND, 0.3)], seconds=0.8, output_tokens=24) for _ in range(5)),
        Turn(text="I cannot find your order, please try again later."),
    ],
)

LIVE = Run(
    "live: spans arrive one by one, children first",
    "user-barbara",
    "barbara",
    "My parcel E-5120 arrived damaged. What now?",
    [
        Turn([Call("lookup_order", {"order_id": "E-5120"}, ORDER | {"status": "delivered"}, 0.8)]),
        Turn([Call("search_knowledge_base", {"query": "damaged parcel"}, POLICY, 1.0, embeds="damaged parcel")]),
        Turn([Call("stock_level", {"sku": "MUG-RED"}, {"success": False, "error": "warehouse API timed out"}, 1.5)]),
        Turn([Call("create_replacement", {"order_id": "E-5120", "sku": "MUG-RED"}, {"order_id": "E-5121"}, 0.9)]),
        Turn(text="I am sorry about that. A replacement (E-5121) leaves our warehouse tomorrow.", seconds=1.4),
    ],
)

FINISHED = (WHERE_IS_MY_ORDER, RETURN_IT, CHANGE_ADDRESS, REFUND_RAISES, SHIPPING_SOFT_FAILURE, LOOKUP_LOOP)
