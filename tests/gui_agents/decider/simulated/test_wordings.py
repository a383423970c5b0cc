"""Other wordings of what the embedded default can do; each is checked on the desktop that it leaves behind."""

import pytest

from gui_agents.simulated.instructions import (
    FIRST_FILES,
    Check,
    answers,
    ends,
    fails,
    leaves_file,
    leaves_on,
    sends,
)
from tests.gui_agents.decider.simulated.decider_driver import run


def window(*names: str) -> Check:
    return lambda state, completed, _answer: completed and state.windows == names


def unsent(state, completed, _answer):
    return completed and not state.submissions


def kept(state, completed, _answer):
    return completed and dict(state.files) == dict(FIRST_FILES) and state.dialog is None


def two_deleted(state, completed, _answer):
    return completed and set(FIRST_FILES) - set(state.files) == {"doc01.txt", "doc02.txt"}


def deleted(*names: str) -> Check:
    return lambda state, completed, _answer: completed and set(FIRST_FILES) - set(state.files) == set(names)


def renamed(name: str, new_name: str) -> Check:
    expected = {new_name if each == name else each: text for each, text in FIRST_FILES.items()}
    return lambda state, completed, _answer: completed and dict(state.files) == expected


def untouched(says: str) -> Check:
    return lambda state, completed, answer: not completed and says in answer and dict(state.files) == dict(FIRST_FILES)


def files(**texts: str) -> Check:
    expected = {name.replace("_", "."): text for name, text in texts.items()}
    return lambda state, completed, _answer: completed and dict(state.files) == {**FIRST_FILES, **expected}


WORDINGS: list[tuple[str, Check]] = [
    # Arithmetic
    ("what's 7 times 8?", answers("56")),
    ("Please compute (2 + 3) * 4.", answers("20")),
    ("How much is 100 divided by 8", answers("12.5")),
    ("12 plus 30 minus 2", answers("40")),
    ("Use the calculator to work out 1.5 + 2.25", answers("3.75")),
    ("Could you calculate 1,000 / 4 for me?", answers("250")),
    ("What is 20% of 150?", answers("30")),
    ("add 5 and 7", answers("12")),
    ("What is the sum of 40 and 2?", answers("42")),
    ("Subtract 3 from 10 please", answers("7")),
    ("WHAT IS SEVEN MULTIPLIED BY SIX?", answers("42")),
    ("calculate 6x7 using the calculator", answers("42")),
    ("calculate 3 × 4 ÷ 2", answers("6")),
    ("evaluate -5 + 3", answers("-2")),
    ("calculate 0.1 + 0.2", answers("0.3")),
    (
        "Start the calculator, hit 1, hit 2, click the + button, tap 3, press the equals key, tell me the result",
        answers("15"),
    ),
    ("Start Calculator; click 7; click ×; click 6; click =; report what Display shows", answers("42")),
    ("Launch Calculator. Press 8, *, 4 and =. What does the display show?", answers("32")),
    ("open calc and press 9 - 4 = and read the display", answers("5")),
    ("Open the calculator, type 6*7= and read the Display", answers("42")),
    ("Calculate 10 / 4 and then close the calculator", answers("2.5")),
    ("calculate 5 / 0", fails("5÷0", "Error")),
    ("What is 3.5 times 4?", answers("14")),
    ("calculate (7+3)*2-5", answers("15")),
    ("How much is 15 % of 80", answers("12")),
    ("work out 99 minus 45", answers("54")),
    ("Divide 81 by 9", answers("9")),
    ("what is the product of 6 and 9", answers("54")),
    ("Open the calculator, press 1 2 + 3 =, read the result", answers("15")),
    # Notes
    ("Launch Notes, type 'Buy milk' and then save it as \"shopping.txt\".", leaves_file("shopping.txt", "Buy milk")),
    (
        "Please open the notes app, enter “Buy milk”, then save the note as shopping.txt",
        leaves_file("shopping.txt", "Buy milk"),
    ),
    ("start notepad; write «Buy milk»; save as 'shopping.txt'", leaves_file("shopping.txt", "Buy milk")),
    (
        'Write "one, two and three; then four." in Notes and save it under the name list.txt',
        leaves_file("list.txt", "one, two and three; then four."),
    ),
    ('In Notes, write "call Bob" and store it as "call.txt"', leaves_file("call.txt", "call Bob")),
    ('Open Notes, write "draft", do not subscribe', fails("not understood", "do not subscribe")),
    ('Open Notes, type "x", hit Clear and shut the window', window()),
    ("Open the file todo.txt and read what it says", answers("milk")),
    ("In Notes, write hello world, then save as hello.txt", leaves_file("hello.txt", "hello world")),
    (
        "open notes and write milk, eggs and bread, and save as food.txt",
        leaves_file("food.txt", "milk, eggs and bread"),
    ),
    ("Open Notes, set the note to \"it's 5 o'clock\" and save as time.txt", leaves_file("time.txt", "it's 5 o'clock")),
    ('Create a file named todo2.txt with the text "wash the car"', leaves_file("todo2.txt", "wash the car")),
    (
        'Open Notes, write "a", press Save as, type "b.txt" into the File name field and press Save',
        leaves_file("b.txt", "a"),
    ),
    ('Open Notes, write "eggs" and save as todo.txt', leaves_file("todo.txt", "eggs")),
    ('open todo.txt, replace the text with "eggs" and save', leaves_file("todo.txt", "eggs")),
    ('Open todo.txt, write " and eggs", press ctrl+s', leaves_file("todo.txt", "milk and eggs")),
    ('open the file "readme.txt", clear it, write "bye", save it', leaves_file("readme.txt", "bye")),
    ('1. Open Notes\n2. Write "x y"\n3. Save as xy.txt', leaves_file("xy.txt", "x y")),
    (
        'Open Notes, write "first", save as a.txt, clear the note, write "second", save as b.txt',
        files(a_txt="first", b_txt="second"),
    ),
    ("Open Notes and quit it", window()),
    ("Open Files, then open Settings, then close the window", window("Files")),
    ("Open Notes, write draft and save", fails("no name")),
    (
        'Launch the text editor and type "see you at 5", then save it as memo.txt',
        leaves_file("memo.txt", "see you at 5"),
    ),
    ("Write 'a, b and c' into the note and save the note as abc.txt", leaves_file("abc.txt", "a, b and c")),
    ("In the notes app, enter hello, then save under the name hi.txt", leaves_file("hi.txt", "hello")),
    ('Make a new file called plan.txt with the text "go home"', leaves_file("plan.txt", "go home")),
    ('Create a note named ideas.txt saying "none yet"', leaves_file("ideas.txt", "none yet")),
    ("Change the contents of readme.txt to bye", leaves_file("readme.txt", "bye")),
    ("Edit the note so that it says hello, then read the note", answers("hello")),
    ("Open Notes, wait 1 millisecond and close it", window()),
    # The form
    (
        (
            "Launch the Contact Form, fill in Name with Alice and Email with alice@example.com, accept"
            " the terms, send the form"
        ),
        sends(name="Alice", email="alice@example.com"),
    ),
    (
        'Open the form, enter Name "Max", agree to the terms, press Submit',
        sends(name="Max", newsletter=False),
    ),
    (
        'On the contact form enter Name "Max", do not subscribe, agree to the terms, press Submit',
        fails("not understood", "do not subscribe"),
    ),
    ("open form; enter 'Bob Lee' as the name; tick accept terms; submit", sends(name="Bob Lee", size="Medium")),
    (
        (
            "Go to the contact form, set the Name field to Ann, pick Small, tick the newsletter box,"
            " tick Accept terms, hit Submit"
        ),
        sends(name="Ann", size="Small", newsletter=True),
    ),
    (
        (
            "Open the form, set Name to Tom and Jerry, set size to large, agree to the terms and"
            " conditions and click the Submit button"
        ),
        sends(name="Tom and Jerry", size="Large"),
    ),
    (
        (
            'Please fill out the form with name "Zoe" and email zoe@example.org and message "hi, and'
            ' bye"; check Accept terms; submit it'
        ),
        sends(name="Zoe", email="zoe@example.org", message="hi, and bye"),
    ),
    ("Open the form, put Eve into the name box, check accept terms, press enter", sends(name="Eve")),
    ("Open the form, check Accept terms, uncheck Accept terms, submit, read Status", unsent),
    ("Open the contact form, select the Large size and tell me the size", answers("Large")),
    ("Open the form, set Email to a@b.c, then read the Email field", answers("a@b.c")),
    ("Open the form, set name to X, reset the form, what is the name?", answers("")),
    (
        "Fill in the form with name Ann and email ann@x.org, tick the terms, submit",
        sends(name="Ann", email="ann@x.org"),
    ),
    (
        'Go to the contact form, type "hi there" into the message box, choose Small, agree to the terms, send it',
        sends(message="hi there", size="Small"),
    ),
    ("In the form set the e-mail address to q@r.st, then tell me the email", answers("q@r.st")),
    # Files
    ("remove readme.txt", leaves_file("readme.txt", None)),
    ('Please delete the file named "todo.txt".', leaves_file("todo.txt", None)),
    ("Open Files and get rid of the file doc17.txt", leaves_file("doc17.txt", None)),
    ("Open the file manager, select doc05.txt, press the Delete button and confirm", leaves_file("doc05.txt", None)),
    ("delete doc01.txt and doc02.txt", two_deleted),
    ("Delete doc29.txt (below the fold)", leaves_file("doc29.txt", None)),
    ("Open Files, click readme.txt, click Delete, click Cancel", kept),
    ("Open Files, select todo.txt, press Delete, press escape", kept),
    ("count the files", answers("32")),
    ("What is the number of files?", answers("32")),
    ("Delete readme.txt, then tell me how many files there are", answers("31")),
    ("read readme.txt", answers("hello")),
    ("What's in the file todo.txt?", answers("milk")),
    ("what does readme.txt say", answers("hello")),
    ("show me the contents of doc07.txt", answers("Document 7")),
    ("Open Files, double-click todo.txt and read the note", answers("milk")),
    ("Open Files, scroll down 5, select todo.txt, click Open, read the Note text", answers("milk")),
    ("Delete both readme.txt and todo.txt", deleted("readme.txt", "todo.txt")),
    ("Remove both of readme and todo", deleted("readme.txt", "todo.txt")),
    ("Delete readme.txt and frobnicate", untouched("not understood: frobnicate")),
    ("how many files do I have", answers("32")),
    ("Count the files in the folder", answers("32")),
    ("How many files contain milk?", fails("not understood")),
    ("How many files are empty?", fails("not understood")),
    ("Count the files that start with doc", fails("not understood")),
    ("Is there a file called readme.txt?", answers("yes")),
    ("Is there a file named nosuch.txt?", answers("no")),
    ("is there a todo.txt file?", answers("yes")),
    ("Does doc29.txt exist?", answers("yes")),
    ("Check whether nosuch.txt exists", answers("no")),
    ("Tell me whether there is a file called todo", answers("yes")),
    ("Do I have a file named 'readme.txt'?", answers("yes")),
    ("Is todo.txt still there?", answers("yes")),
    ("Delete todo.txt. Does todo.txt still exist?", answers("no")),
    ("Does it exist?", fails("not understood")),
    ("Is there a dog?", fails("not understood")),
    ("Rename readme.txt to x.txt", renamed("readme.txt", "x.txt")),
    ("Please rename the file todo.txt to 'shopping list.txt'", renamed("todo.txt", "shopping list.txt")),
    ("Change the name of doc29.txt to last.txt", renamed("doc29.txt", "last.txt")),
    ("Move readme.txt to x.txt", renamed("readme.txt", "x.txt")),
    ("Rename readme to x.txt", renamed("readme.txt", "x.txt")),
    ("Rename readme.txt to todo.txt", untouched('there is a file named "todo.txt" already')),
    ("Rename readme.txt to readme.txt", untouched("already")),
    ("Rename nosuch.txt to x.txt", untouched('there is no file named "nosuch.txt"')),
    ("Rename readme.txt to a/b", untouched('cannot be saved as "a/b"')),
    ("Rename it to x.txt", untouched("not understood")),
    ("Move readme.txt to Documents", untouched("not understood")),
    ("Rename the file doc03.txt to three.txt and then count the files", answers("32")),
    ("erase doc10.txt, doc11.txt and doc12.txt", deleted("doc10.txt", "doc11.txt", "doc12.txt")),
    ("How many files are in the list", answers("32")),
    ("Get rid of todo.txt and tell me how many files remain", answers("31")),
    ("Open doc04.txt and tell me what it says", answers("Document 4")),
    ("Open Files, scroll to the bottom, double click doc29.txt, read the note text", answers("Document 29")),
    ("Delete the folder pictures", untouched("there is no file named")),
    # More text in a file
    ('Append "eggs" to todo.txt', leaves_file("todo.txt", "milkeggs")),
    ("Append eggs to the file todo.txt", leaves_file("todo.txt", "milkeggs")),
    ('append ", eggs" to the end of todo.txt', leaves_file("todo.txt", "milk, eggs")),
    ("Append eggs and bread to todo.txt", leaves_file("todo.txt", "milkeggs and bread")),
    (
        "Add eggs, bread and butter to todo.txt, then close the window",
        leaves_file("todo.txt", "milkeggs, bread and butter"),
    ),
    ('Write " and eggs" at the end of todo.txt', leaves_file("todo.txt", "milk and eggs")),
    ("Append eggs to todo", leaves_file("todo.txt", "milkeggs")),
    ('Add the line "buy eggs" to todo.txt', leaves_file("todo.txt", "milk\nbuy eggs")),
    ("Add the line X to todo.txt", leaves_file("todo.txt", "milk\nX")),
    ("Add a new line to todo.txt: eggs", leaves_file("todo.txt", "milk\neggs")),
    ('Append a line saying "eggs" to todo.txt', leaves_file("todo.txt", "milk\neggs")),
    ('Add a line to the file todo.txt that says "eggs"', leaves_file("todo.txt", "milk\neggs")),
    ("add eggs as a new line to todo.txt", leaves_file("todo.txt", "milk\neggs")),
    ('Add "eggs" to todo.txt on a new line', leaves_file("todo.txt", "milk\neggs")),
    ('Open todo.txt, add the line "eggs" and save', leaves_file("todo.txt", "milk\neggs")),
    ("Open todo.txt, add a new line, write eggs, save", leaves_file("todo.txt", "milk\neggs")),
    ("Add a line to todo.txt", leaves_file("todo.txt", "milk\n")),
    ('In Notes, add the line "x" and save as y.txt', leaves_file("y.txt", "x")),
    ("Append eggs to nosuch.txt", untouched('there is no file named "nosuch.txt"')),
    ("Append eggs to line 2 of todo.txt", untouched("not understood")),
    ("Append the contents of readme.txt to todo.txt", untouched("not understood")),
    ("Append readme.txt to todo.txt", untouched("not understood")),
    ("Add two lines to todo.txt: a and b", untouched("not understood")),
    ("Add eggs to the start of todo.txt", untouched("not understood")),
    ("Append x to the message", untouched("not understood")),
    ('Open todo.txt, append " and bread", save', leaves_file("todo.txt", "milk and bread")),
    ('Add the line "second" to the bottom of readme.txt', leaves_file("readme.txt", "hello\nsecond")),
    # Settings
    ("Enable dark mode", leaves_on("Dark mode")),
    ("please switch on the Wi-Fi in the settings", leaves_on("Wi-Fi")),
    ("Turn wifi on", leaves_on("Wi-Fi")),
    ("Turn on Wi-Fi and Notifications", leaves_on("Wi-Fi", "Notifications")),
    ("Open preferences and activate Location, then deactivate Location", leaves_on()),
    ("turn dark mode on and then switch it... ", fails("not understood")),
    ("set Notifications to on", leaves_on("Notifications")),
    ("Switch to dark mode", leaves_on("Dark mode")),
    ("toggle Bluetooth on", fails("Bluetooth")),
    ("is dark mode on?", answers("off")),
    ("Change the volume to 35 percent", ends(volume=35)),
    ("set volume to 0", ends(volume=0)),
    ("turn the sound up to 100%", ends(volume=100)),
    ("Mute the volume", ends(volume=0)),
    ("Turn on Wi-Fi, set the volume to 7, what is the volume?", answers("7")),
    ("set the volume to 180", fails("0 to 100")),
    ("Turn on both Wi-Fi and Notifications", leaves_on("Wi-Fi", "Notifications")),
    ("Make sure Wi-Fi is on", leaves_on("Wi-Fi")),
    ("Check whether Wi-Fi is on", answers("off")),
    ("What is the volume level?", answers("50 %")),
    ("Activate the dark theme in Settings", leaves_on("Dark mode")),
    ("Disable Location and enable automatic updates", leaves_on("Automatic updates")),
    ("turn the volume down to 20 percent", ends(volume=20)),
    ("Make sure notifications is turned on", leaves_on("Notifications")),
    ("Is Wi-Fi enabled?", answers("off")),
    ("turn on WLAN and dark mode, what is the volume?", answers("50")),
    ("Turn on the coffee machine", fails("coffee machine")),
    # Longer ways to say it
    ("Could you please tell me what 12 + 30 is?", answers("42")),
    (
        "Open the calculator and press the 7 button, the + button and the 8 button, press =, read the display",
        answers("15"),
    ),
    ('Type "hello" in Notes and save as a file called greet.txt', leaves_file("greet.txt", "hello")),
    ('Open Notes. Write: "Buy milk". Save as: "s.txt".', leaves_file("s.txt", "Buy milk")),
    ('Write a note saying "call mom" and save it as mom.txt', leaves_file("mom.txt", "call mom")),
    ("Edit todo.txt so that it says eggs", leaves_file("todo.txt", "eggs")),
    ('Change the text of todo.txt to "eggs, milk; and then tea"', leaves_file("todo.txt", "eggs, milk; and then tea")),
    (
        "Fill in the contact form: name Alice, email alice@example.com, accept the terms and submit",
        sends(name="Alice", email="alice@example.com"),
    ),
    (
        'Open the contact form and enter the name "Alice" and the email "a@b.c". Accept the terms, then submit.',
        sends(name="Alice", email="a@b.c"),
    ),
    ("Open Contact Form, name: Alice, email: a@b.c, check terms, submit", sends(name="Alice", email="a@b.c")),
    ("Open readme.txt and tell me what it says", answers("hello")),
    ("Print the content of todo.txt", answers("milk")),
    ("Open the calculator, then the settings, then close all windows", window()),
    ("Reboot the computer", fails("not understood", "Reboot the computer")),
    # Nothing and waiting
    ("Do nothing", window()),
    ("Open Notes, wait 0.01 seconds, close Notes", window()),
    # What cannot be done
    ("Send an email to Bob", fails("not understood", "Send an email to Bob")),
    ("Open the spreadsheet", fails("spreadsheet")),
    ("open nosuch.txt", fails("nosuch.txt")),
    ("Open Notes, press Frobnicate", fails("Frobnicate")),
    ("Open the form, set Colour to red", fails("Colour")),
    ("Write a poem about the sea and book me a flight", fails("book me a flight")),
    ("what is the meaning of life?", fails("not understood")),
    ("calculate 1 +* 2", fails("1+×2")),
]


@pytest.mark.parametrize(("instruction", "check"), WORDINGS, ids=[row[0][:50] for row in WORDINGS])
async def test_wording_leaves_the_desktop_as_asked_for(instruction, check):
    ended = await run(instruction, steps=50)

    assert check(ended.state, ended.completed, ended.answer), (ended.answer, ended.actions)
