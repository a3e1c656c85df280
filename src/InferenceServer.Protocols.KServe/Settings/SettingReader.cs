using InferenceServer.Abstractions.Errors;
using InferenceServer.Protocols.KServe.Http;

namespace InferenceServer.Protocols.KServe.Settings;

/// <summary>Reads the value of one setting, which comes next in the text.</summary>
/// <param name="name">The setting's name.</param>
/// <param name="json">The text.</param>
/// <returns>What is wrong with it, or null. A text that is no JSON shows in the cursor.</returns>
internal delegate InferenceError? SettingReader(string name, ref JsonCursor json);
