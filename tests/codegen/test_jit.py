"""What goes past llvmlite's published interface has a way around it."""

import pytest

from flowc.codegen.cpu import jit
from flowc.codegen.cpu.host import host_target

ADD = "define i32 @add(i32 %a, i32 %b) {\n  %c = add i32 %a, %b\n  ret i32 %c\n}"


def test_llvmlites_own_method_makes_the_same_code(monkeypatch: pytest.MonkeyPatch) -> None:
    code = jit.compile_ir(ADD, host_target(1))
    assert code[:4] == b"\x7fELF"
    with monkeypatch.context() as patch:
        patch.setattr(jit, "_KNOWN_INSIDES", ("none",))
        patch.setattr(jit, "_unlocked_emit", lambda: pytest.fail("called"))
        assert jit.compile_ir(ADD, host_target(1)) == code
    monkeypatch.setattr(jit, "_unlocked_emit", lambda: None)
    assert jit.compile_ir(ADD, host_target(1)) == code


def test_wrong_text_is_an_error() -> None:
    with pytest.raises(RuntimeError, match="defined with type 'i32' but expected 'i64'"):
        jit.compile_ir(ADD.replace("add i32", "add i64"), host_target(1))
