# SPDX-FileCopyrightText: The spangard authors
# SPDX-License-Identifier: Apache-2.0
"""Two functions behind an interface, served as gradio serves them: by uvicorn in a thread."""

import sys

import gradio


def greet(name: str) -> str:
    return f"Hello {name}"


def fail(name: str) -> str:
    raise RuntimeError("no")


with gradio.Blocks() as demo:
    name, answer = gradio.Textbox(), gradio.Textbox()
    gradio.Button("greet").click(greet, name, answer, api_name="greet", queue=False)
    gradio.Button("fail").click(fail, name, answer, api_name="fail", queue=False)

demo.launch(server_name="127.0.0.1", server_port=int(sys.argv[1]), quiet=True)
