using InferenceServer.Backends.Torch.Bindings;

namespace InferenceServer.Backends.Torch.Executions;

/// <summary>What an execution of a model is.</summary>
/// <param name="Binding">How inputs become arguments and results outputs.</param>
/// <param name="Method">The method that is called: the model's own, or one of tensors around it.</param>
/// <param name="IsDirect">True when it is the model's own.</param>
/// <param name="CopiesResults">True when a result may be memory that a later call changes.</param>
/// <param name="Settings">What the configuration asks for.</param>
internal sealed record ExecutionPlan(MethodBinding Binding, string Method, bool IsDirect, bool CopiesResults, TorchSettings Settings);
