/// Nothing to call: the library's constructor is what it is for.
#pragma once
