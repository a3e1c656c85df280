namespace InferenceServer.Backends.Onnx.Providers;

/// <summary>An option of a provider as a parameter gives it.</summary>
/// <param name="Parameter">The parameter.</param>
/// <param name="Group">The group of instances that it is for; empty for all.</param>
/// <param name="Kind">The provider.</param>
/// <param name="Option">The option.</param>
/// <param name="IsHint">True where the parameter does not name the provider, and so says nothing of what to run on.</param>
internal readonly record struct GivenOption(string Parameter, string Group, ProviderKind Kind, string Option, bool IsHint);
