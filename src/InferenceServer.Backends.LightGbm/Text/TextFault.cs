namespace InferenceServer.Backends.LightGbm.Text;

/// <summary>What is wrong with a model's text.</summary>
internal sealed class TextFault(string message) : Exception(message);
