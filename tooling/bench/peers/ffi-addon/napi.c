// `addon_add` as a Node-API module, with the argument checks that Node-API itself makes.
#include <node_api.h>

#include "basics.c"
#include "kernels.c"

static napi_value add(napi_env env, napi_callback_info info) {
  size_t count = 2;
  napi_value arguments[2], result;
  int32_t a, b;
  if (napi_get_cb_info(env, info, &count, arguments, NULL, NULL) != napi_ok) return NULL;
  if (napi_get_value_int32(env, arguments[0], &a) != napi_ok ||
      napi_get_value_int32(env, arguments[1], &b) != napi_ok) {
    napi_throw_type_error(env, NULL, "add takes two numbers");
    return NULL;
  }
  return napi_create_int32(env, addon_add(a, b), &result) == napi_ok ? result : NULL;
}

NAPI_MODULE_INIT() {
  napi_value function;
  napi_create_function(env, "add", NAPI_AUTO_LENGTH, add, NULL, &function);
  napi_set_named_property(env, exports, "add", function);
  return exports;
}
