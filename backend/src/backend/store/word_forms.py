"""English words whose forms no rule of endings brings together: went is go, children is child.

Questions have the plain form ("When did she buy it?"), statements the past ("I bought it").
Left out are forms that are, or after stemming become, another common word: found (founded),
rose, saw, felt, left, lay, leaves, ground, wound, lives.
"""

from typing import Final

_FORMS: Final = """
    become became, begin began begun, bend bent, bite bitten, bleed bled, blow blew blown,
    break broke broken, breed bred, bring brought, build built, burn burnt, buy bought,
    catch caught, choose chose chosen, cling clung, come came, creep crept, deal dealt, dig dug,
    draw drew drawn, dream dreamt, drink drank drunk, drive drove driven, eat ate eaten,
    fall fell fallen, feed fed, fight fought, flee fled, fly flew flown, forbid forbade forbidden,
    forget forgot forgotten, forgive forgave forgiven, freeze froze frozen, get got gotten,
    give gave given, go went gone, grow grew grown, hang hung, hear heard, hide hidden, hold held,
    keep kept, kneel knelt, know knew known, lead led, lean leant, learn learnt, lend lent,
    lose lost, make made, mean meant, meet met, pay paid, ride rode ridden, ring rang rung,
    rise risen, run ran, say said, see seen, seek sought, sell sold, send sent, sew sewn,
    shake shook shaken, shine shone, shoot shot, show shown, shrink shrank shrunk, sing sang sung,
    sink sank sunk, sit sat, sleep slept, slide slid, speak spoken, spend spent, spin spun,
    stand stood, steal stole stolen, sting stung, strike struck, strive strove striven,
    swear swore sworn, sweep swept, swim swam swum, swing swung, take took taken, teach taught,
    tear tore torn, tell told, think thought, throw threw thrown, understand understood,
    undertake undertook undertaken, wake woke woken, wear wore worn, weave wove woven, weep wept,
    win won, withdraw withdrew withdrawn, write wrote written,
    child children, man men, woman women, foot feet, tooth teeth, mouse mice, goose geese,
    wife wives, knife knives
"""

PLAIN_FORM: Final = {
    form: plain
    for plain, *forms in (entry.split() for entry in _FORMS.split(","))
    for form in forms
}
"""The plain form of each irregular one, lower-case."""
